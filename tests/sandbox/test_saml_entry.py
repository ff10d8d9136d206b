"""AssumeRoleWithSAML over real HTTP: who gets in, into which account, and everything that is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lxml import etree

from usher.aws.clients import AwsSettings, make_client

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"


def refused(door: Any, response: Any, **changes: Any) -> str:
    """The error code of a refusal. Fails the test when the door opens."""
    with pytest.raises(ClientError) as caught:
        door.knock(response, **changes)
    return caught.value.response["Error"]["Code"]


def test_a_signed_assertion_opens_a_session_in_the_roles_own_account(door, idp, as_keys, mkdev):
    answer = door.knock(idp.sign_assertion(idp.response(door.claims())))

    settings: AwsSettings = as_keys(answer["Credentials"])
    identity = make_client("sts", settings).get_caller_identity()
    role_name = door.role_arn.rpartition("/")[2]
    expected = f"arn:aws:sts::{door.account_id}:assumed-role/{role_name}/developer@mkdev.example"
    assert identity["Arn"] == expected == answer["AssumedRoleUser"]["Arn"]
    assert identity["Account"] == door.account_id
    buckets = make_client("s3", settings).list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == [mkdev.buckets["staging"]]


def test_a_response_signed_as_a_whole_is_accepted_too(door, idp):
    assert door.knock(idp.sign_response(idp.response(door.claims())))["Credentials"]


def test_a_response_signed_twice_is_accepted(door, idp):
    both = idp.sign_response(idp.sign_assertion(idp.response(door.claims())))
    assert door.knock(both)["Credentials"]


def test_the_pair_may_name_the_provider_first(door, idp):
    reversed_pair = f"{door.provider_arn},{door.role_arn}"
    assert door.knock(idp.sign_assertion(idp.response(door.claims(roles=(reversed_pair,)))))


def test_a_fresh_assertion_may_be_used_again_as_at_aws(door, idp):
    response = idp.sign_assertion(idp.response(door.claims()))
    door.knock(response)
    assert door.knock(response)["Credentials"]


def test_a_session_tag_is_let_in_by_a_trust_that_allows_tagging(door, idp):
    claims = door.claims(tags=(("team", "red"),))
    assert door.knock(idp.sign_assertion(idp.response(claims)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audience": "urn:another:service"}, "InvalidIdentityToken"),
        ({"recipient": "https://elsewhere.example/saml"}, "InvalidIdentityToken"),
        ({"issuer": "https://somebody.example"}, "InvalidIdentityToken"),
        ({"not_on_or_after": -60}, "ExpiredTokenException"),
        ({"issued": -400}, "ExpiredTokenException"),
        ({"not_before": 120}, "InvalidIdentityToken"),
        ({"issued": 120}, "InvalidIdentityToken"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "IDPRejectedClaim"),
        ({"session_name": "x"}, "ValidationError"),
        ({"session_name": "two words"}, "ValidationError"),
        ({"session_duration": "60"}, "ValidationError"),
        ({"session_duration": "soon"}, "ValidationError"),
        ({"roles": ()}, "AccessDenied"),
    ],
)
def test_a_wrong_statement_is_refused_though_well_signed(door, idp, changes, code):
    assert refused(door, idp.sign_assertion(idp.response(door.claims(**changes)))) == code


def test_another_key_under_the_same_name_is_refused(door, stranger):
    assert refused(door, stranger.sign_assertion(stranger.response(door.claims()))) == "InvalidIdentityToken"


def test_an_unsigned_response_is_refused(door, idp):
    assert refused(door, idp.response(door.claims())) == "InvalidIdentityToken"


def test_a_change_after_signing_is_refused(door, idp):
    response = idp.sign_assertion(idp.response(door.claims()))
    next(response.iter(f"{{{SAML}}}NameID")).text = "operator@mkdev.example"
    assert refused(door, response) == "InvalidIdentityToken"


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_forged_assertion_beside_the_signed_one_is_refused(door, idp, place):
    response = idp.sign_assertion(idp.response(door.claims()))
    forged = idp.response(door.claims(session_name="operator@mkdev.example")).find(f"{{{SAML}}}Assertion")
    genuine = response.find(f"{{{SAML}}}Assertion")
    (genuine.addprevious if place == "before" else genuine.addnext)(forged)
    assert refused(door, response) == "InvalidIdentityToken"


def test_two_well_signed_assertions_are_refused(door, idp):
    response = idp.sign_assertion(idp.response(door.claims()))
    response.append(idp.sign_assertion(idp.response(door.claims())).find(f"{{{SAML}}}Assertion"))
    assert refused(door, response) == "InvalidIdentityToken"


def test_a_signed_assertion_hidden_in_an_extension_lends_its_signature_to_nobody(door, idp):
    genuine = idp.sign_assertion(idp.response(door.claims())).find(f"{{{SAML}}}Assertion")
    forged = idp.response(door.claims(session_name="operator@mkdev.example"))
    extensions = etree.SubElement(forged, f"{{{SAMLP}}}Extensions")
    extensions.append(genuine)
    assert refused(door, forged) == "InvalidIdentityToken"


def test_a_signature_moved_onto_a_forged_assertion_is_refused(door, idp):
    genuine = idp.sign_assertion(idp.response(door.claims())).find(f"{{{SAML}}}Assertion")
    forged = idp.response(door.claims(session_name="operator@mkdev.example"))
    signature = genuine.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    wrapper = etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object")
    moved = copy.deepcopy(genuine)
    moved.tag = "{urn:anything}Hidden"
    wrapper.append(moved)
    forged.find(f"{{{SAML}}}Assertion").insert(1, signature)
    assert refused(door, forged) == "InvalidIdentityToken"


def test_a_document_type_declaration_is_refused(door, idp):
    document = etree.tostring(idp.sign_assertion(idp.response(door.claims())))
    declared = b'<!DOCTYPE Response [<!ENTITY who "operator">]>' + document
    assert refused(door, declared) == "InvalidIdentityToken"


def test_bytes_that_are_not_xml_or_not_base64_are_refused(door):
    assert refused(door, b"not xml at all") == "InvalidIdentityToken"
    assert refused(door, b"", SAMLAssertion="%%%%") == "InvalidIdentityToken"


def test_a_document_over_the_size_limit_is_refused(door):
    assert refused(door, b"<a>" + b"x" * 100_001 + b"</a>") in {"ValidationError", "InvalidIdentityToken"}


def test_another_accounts_provider_is_refused(door, make_door, idp):
    elsewhere = make_door("production", idp)
    pair = f"{door.role_arn},{elsewhere.provider_arn}"
    response = idp.sign_assertion(idp.response(door.claims(roles=(pair,))))
    assert refused(door, response, PrincipalArn=elsewhere.provider_arn) == "AccessDenied"


def test_a_provider_that_does_not_exist_is_refused(door, idp):
    missing = door.provider_arn + "x"
    response = idp.sign_assertion(idp.response(door.claims(roles=(f"{door.role_arn},{missing}",))))
    assert refused(door, response, PrincipalArn=missing) == "InvalidIdentityToken"


def test_a_role_the_assertion_does_not_name_is_refused(door, make_door, idp):
    other = make_door("staging", idp)
    assert refused(other, idp.sign_assertion(idp.response(door.claims()))) == "AccessDenied"


def test_a_role_that_is_gone_or_has_another_path_is_refused(door, idp):
    for arn in (door.role_arn + "x", door.role_arn.replace("/usher/", "/")):
        response = idp.sign_assertion(idp.response(door.claims(roles=(f"{arn},{door.provider_arn}",))))
        assert refused(door, response, RoleArn=arn) == "AccessDenied"


def test_a_role_replaced_by_one_that_trusts_another_provider_is_refused(
    door, make_door, idp, inside, make_trust
):
    iam = make_client("iam", inside("staging"))
    name = door.role_arn.rpartition("/")[2]
    other = make_door("staging", idp)
    iam.delete_role(RoleName=name)
    iam.create_role(Path="/usher/", RoleName=name, AssumeRolePolicyDocument=make_trust(other.provider_arn))
    assert refused(door, idp.sign_assertion(idp.response(door.claims()))) == "AccessDenied"


def test_a_trust_for_another_sign_in_endpoint_is_refused(make_door, idp):
    elsewhere = {"StringEquals": {"SAML:aud": "https://signin.amazonaws.cn/saml"}}
    door = make_door("staging", idp, Condition=elsewhere)
    assert refused(door, idp.sign_assertion(idp.response(door.claims()))) == "AccessDenied"


def test_a_session_tag_is_refused_by_a_trust_that_does_not_allow_tagging(make_door, idp):
    door = make_door("staging", idp, Action="sts:AssumeRoleWithSAML")
    claims = door.claims(tags=(("team", "red"),))
    assert refused(door, idp.sign_assertion(idp.response(claims))) == "AccessDenied"
    assert door.knock(idp.sign_assertion(idp.response(door.claims())))


def test_a_session_longer_than_the_roles_maximum_is_refused(make_door, idp):
    door = make_door("staging", idp, max_session=7200)
    response = idp.sign_assertion(idp.response(door.claims()))
    assert refused(door, response, DurationSeconds=7201) == "ValidationError"
    assert door.knock(response, DurationSeconds=7200)


@pytest.mark.parametrize(
    ("asked", "granted_by_assertion", "expected"),
    [(None, None, 3600), (7200, None, 7200), (None, "1800", 1800), (7200, "1800", 1800)],
)
def test_the_shortest_length_wins(make_door, idp, asked, granted_by_assertion, expected):
    door = make_door("staging", idp, max_session=7200)
    response = idp.sign_assertion(idp.response(door.claims(session_duration=granted_by_assertion)))
    answer = door.knock(response, **({"DurationSeconds": asked} if asked else {}))
    left = (answer["Credentials"]["Expiration"] - datetime.now(UTC)).total_seconds()
    assert abs(left - expected) < 30


def test_an_updated_provider_trusts_only_the_new_key(door, idp, stranger, inside):
    make_client("iam", inside("staging")).update_saml_provider(
        SAMLProviderArn=door.provider_arn, SAMLMetadataDocument=stranger.metadata()
    )
    assert refused(door, idp.sign_assertion(idp.response(door.claims()))) == "InvalidIdentityToken"
    assert door.knock(stranger.sign_assertion(stranger.response(door.claims())))


def test_a_deleted_role_ends_its_sessions(
    door, idp, inside, as_keys: Callable[[dict[str, Any]], AwsSettings]
):
    settings = as_keys(door.knock(idp.sign_assertion(idp.response(door.claims())))["Credentials"])
    make_client("iam", inside("staging")).delete_role(RoleName=door.role_arn.rpartition("/")[2])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        make_client("sts", settings).get_caller_identity()

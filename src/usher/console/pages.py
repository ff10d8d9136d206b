"""The console's page of a resource, by the form of its ARN: one row for each kind of resource.

A row is the resource as it stands at the end of an ARN, and the page. In a resource `{name}` is a part
without `/` and `:`, `{name*}` anything, `{name#}` digits, `{name6}` six letters or digits; `_` is left out
of the page. In a page `{name}` is percent-encoded whole;
`{name|plain}` keeps `/` and `:`, `{name|twice}` is encoded twice and `{name|dollar}` too with `$` for
`%`, as the console of each service expects it. The first row that fits counts.
"""

from __future__ import annotations

from collections.abc import Mapping

GLOBAL_SERVICES = frozenset({"cloudfront", "globalaccelerator", "iam", "organizations", "route53"})
"""The services of ARNs whose pages have no region."""

_Rows = tuple[tuple[str, str], ...]

_EC2 = "/ec2/home?region={region}#"
_VPC = "/vpcconsole/home?region={region}#"
_RDS = "/rds/home?region={region}#"
_LOGS = "/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group|dollar}"
_GLUE = "/glue/home?region={region}#/v2/data-catalog"

PAGES: Mapping[str, _Rows] = {
    "acm": (("certificate/{id}", "/acm/home?region={region}#/certificates/{id}"),),
    "amplify": (
        ("apps/{id}", "/amplify/home?region={region}#/{id}"),
        ("apps/{id}/{_*}", "/amplify/home?region={region}#/{id}"),
    ),
    "apigateway": (
        ("/restapis/{id}", "/apigateway/main/apis/{id}/resources?api={id}&region={region}"),
        ("/restapis/{id}/{_*}", "/apigateway/main/apis/{id}/resources?api={id}&region={region}"),
        ("/apis/{id}", "/apigateway/main/apis/{id}/routes?api={id}&region={region}"),
        ("/apis/{id}/{_*}", "/apigateway/main/apis/{id}/routes?api={id}&region={region}"),
    ),
    "athena": (("workgroup/{name}", "/athena/home?region={region}#/workgroups/details/{name}"),),
    "autoscaling": (
        (
            "autoScalingGroup:{_}:autoScalingGroupName/{name*}",
            _EC2 + "AutoScalingGroupDetails:id={name};view=details",
        ),
    ),
    "backup": (("backup-vault:{name}", "/backup/home?region={region}#/backupvaults/details/{name}"),),
    "cloudformation": (
        ("stack/{name}/{_}", "/cloudformation/home?region={region}#/stacks/stackinfo?stackId={arn}"),
    ),
    "cloudfront": (("distribution/{id}", "/cloudfront/v4/home#/distributions/{id}"),),
    "cloudtrail": (("trail/{name}", "/cloudtrailv2/home?region={region}#/trails/{arn|plain}"),),
    "cloudwatch": (
        ("alarm:{name*}", "/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"),
        ("dashboard/{name}", "/cloudwatch/home?region={region}#dashboards/dashboard/{name}"),
    ),
    "codebuild": (
        ("project/{name}", "/codesuite/codebuild/{account}/projects/{name}/history?region={region}"),
        (
            "build/{name}:{id}",
            "/codesuite/codebuild/{account}/projects/{name}/build/{name}%3A{id}/?region={region}",
        ),
    ),
    "codecommit": (("{name}", "/codesuite/codecommit/repositories/{name}/browse?region={region}"),),
    "codeconnections": (
        (
            "connection/{id}",
            "/codesuite/settings/{account}/{region}/codeconnections/connections/{id}",
        ),
    ),
    "codedeploy": (("application:{name}", "/codesuite/codedeploy/applications/{name}?region={region}"),),
    "codepipeline": (("{name}", "/codesuite/codepipeline/pipelines/{name}/view?region={region}"),),
    "codestar-connections": (
        (
            "connection/{id}",
            "/codesuite/settings/{account}/{region}/codestar-connections/connections/{id}",
        ),
    ),
    "cognito-idp": (("userpool/{id}", "/cognito/v2/idp/user-pools/{id}/users?region={region}"),),
    "dynamodb": (
        ("table/{name}", "/dynamodbv2/home?region={region}#table?name={name}"),
        ("table/{name}/{_*}", "/dynamodbv2/home?region={region}#table?name={name}"),
    ),
    "ec2": (
        ("instance/{id}", _EC2 + "InstanceDetails:instanceId={id}"),
        ("image/{id}", _EC2 + "ImageDetails:imageId={id}"),
        ("volume/{id}", _EC2 + "VolumeDetails:volumeId={id}"),
        ("snapshot/{id}", _EC2 + "SnapshotDetails:snapshotId={id}"),
        ("security-group/{id}", _EC2 + "SecurityGroup:groupId={id}"),
        ("launch-template/{id}", _EC2 + "LaunchTemplateDetails:launchTemplateId={id}"),
        ("network-interface/{id}", _EC2 + "NetworkInterface:networkInterfaceId={id}"),
        ("elastic-ip/{id}", _EC2 + "ElasticIpDetails:AllocationId={id}"),
        ("vpc/{id}", _VPC + "VpcDetails:VpcId={id}"),
        ("subnet/{id}", _VPC + "SubnetDetails:subnetId={id}"),
        ("natgateway/{id}", _VPC + "NatGatewayDetails:natGatewayId={id}"),
        ("vpc-endpoint/{id}", _VPC + "EndpointDetails:vpcEndpointId={id}"),
        ("route-table/{id}", _VPC + "RouteTableDetails:RouteTableId={id}"),
        ("internet-gateway/{id}", _VPC + "InternetGateway:internetGatewayId={id}"),
        ("dhcp-options/{id}", _VPC + "DhcpOptionsDetails:DhcpOptionsId={id}"),
    ),
    "ecr": (("repository/{name*}", "/ecr/repositories/private/{account}/{name|plain}?region={region}"),),
    "ecs": (
        ("cluster/{name}", "/ecs/v2/clusters/{name}?region={region}"),
        ("service/{cluster}/{name}", "/ecs/v2/clusters/{cluster}/services/{name}?region={region}"),
        ("task/{cluster}/{id}", "/ecs/v2/clusters/{cluster}/tasks/{id}?region={region}"),
        (
            "task-definition/{family}:{revision#}",
            "/ecs/v2/task-definitions/{family}/{revision}?region={region}",
        ),
    ),
    "eks": (
        ("cluster/{name}", "/eks/home?region={region}#/clusters/{name}"),
        (
            "nodegroup/{cluster}/{name}/{_}",
            "/eks/home?region={region}#/clusters/{cluster}/nodegroups/{name}",
        ),
    ),
    "elasticache": (("replicationgroup:{name}", "/elasticache/home?region={region}#/redis/{name}"),),
    "elasticfilesystem": (("file-system/{id}", "/efs/home?region={region}#/file-systems/{id}"),),
    "elasticloadbalancing": (
        ("loadbalancer/{kind}/{name}/{id}", _EC2 + "LoadBalancer:loadBalancerArn={arn|plain}"),
        ("loadbalancer/{name}", _EC2 + "LoadBalancers:search={name}"),
        ("targetgroup/{name}/{id}", _EC2 + "TargetGroup:targetGroupArn={arn|plain}"),
    ),
    "elasticmapreduce": (("cluster/{id}", "/emr/home?region={region}#/clusterDetails/{id}"),),
    "es": (("domain/{name}", "/aos/home?region={region}#opensearch/domains/{name}"),),
    "events": (
        ("rule/{name}", "/events/home?region={region}#/eventbus/default/rules/{name}"),
        ("rule/{bus*}/{name}", "/events/home?region={region}#/eventbus/{bus}/rules/{name}"),
        ("event-bus/{name*}", "/events/home?region={region}#/eventbus/{name}"),
    ),
    "firehose": (("deliverystream/{name}", "/firehose/home?region={region}#/details/{name}/monitoring"),),
    "glue": (
        ("job/{name}", "/gluestudio/home?region={region}#/editor/job/{name}/details"),
        ("crawler/{name}", _GLUE + "/crawlers/view/{name}"),
        ("database/{name}", _GLUE + "/databases/view/{name}"),
        ("table/{database}/{name}", _GLUE + "/tables/view/{name}?database={database}"),
    ),
    "iam": (
        ("role/{name}", "/iam/home#/roles/details/{name}"),
        ("role/{_*}/{name}", "/iam/home#/roles/details/{name}"),
        ("user/{name}", "/iam/home#/users/details/{name}"),
        ("user/{_*}/{name}", "/iam/home#/users/details/{name}"),
        ("group/{name}", "/iam/home#/groups/details/{name}"),
        ("group/{_*}/{name}", "/iam/home#/groups/details/{name}"),
        ("policy/{_*}", "/iam/home#/policies/details/{arn}"),
        ("oidc-provider/{_*}", "/iam/home#/identity_providers/details/OPENID/{arn}"),
        ("saml-provider/{_*}", "/iam/home#/identity_providers/details/SAML/{arn}"),
    ),
    "kafka": (("cluster/{name}/{id}", "/msk/home?region={region}#/cluster/{arn|plain}/view"),),
    "kinesis": (("stream/{name}", "/kinesis/home?region={region}#/streams/details/{name}/monitoring"),),
    "kms": (("key/{id}", "/kms/home?region={region}#/kms/keys/{id}"),),
    "lambda": (
        ("function:{name}", "/lambda/home?region={region}#/functions/{name}"),
        ("function:{name}:{version#}", "/lambda/home?region={region}#/functions/{name}/versions/{version}"),
        ("function:{name}:{alias}", "/lambda/home?region={region}#/functions/{name}/aliases/{alias}"),
        ("layer:{name}:{version#}", "/lambda/home?region={region}#/layers/{name}/versions/{version}"),
    ),
    "logs": (
        ("log-group:{group*}:log-stream:{stream*}", _LOGS + "/log-events/{stream|dollar}"),
        ("log-group:{group*}:*", _LOGS),
        ("log-group:{group*}", _LOGS),
    ),
    "medialive": (("channel:{id}", "/medialive/home?region={region}#/channels/{id}"),),
    "mq": (("broker:{name}:{id}", "/amazon-mq/home?region={region}#/brokers/details?id={id}"),),
    "organizations": (
        ("account/{org}/{id}", "/organizations/v2/home/accounts/{id}"),
        ("ou/{org}/{id}", "/organizations/v2/home/organizational-units/{id}"),
    ),
    "rds": (
        ("db:{name}", _RDS + "database:id={name};is-cluster=false"),
        ("cluster:{name}", _RDS + "database:id={name};is-cluster=true"),
        ("snapshot:{name*}", _RDS + "db-snapshot:id={name|plain}"),
        ("subgrp:{name}", _RDS + "db-subnet-group:id={name}"),
        ("og:{name}", _RDS + "option-group-details:option-group-name={name}"),
    ),
    "redshift": (("cluster:{name}", "/redshiftv2/home?region={region}#cluster-details?cluster={name}"),),
    "route53": (
        ("hostedzone/{id}", "/route53/v2/hostedzones#ListRecordSets/{id}"),
        ("healthcheck/{id}", "/route53/healthchecks/home"),
    ),
    "s3": (
        ("{bucket}", "/s3/buckets/{bucket}?region={region}&bucketType=general&tab=objects"),
        ("{bucket}/*", "/s3/buckets/{bucket}?region={region}&bucketType=general&tab=objects"),
        (
            "{bucket}/{folder*}/",
            "/s3/buckets/{bucket}?region={region}&bucketType=general&prefix={folder}%2F",
        ),
        ("{bucket}/{key*}", "/s3/object/{bucket}?region={region}&bucketType=general&prefix={key}"),
    ),
    "sagemaker": (
        ("endpoint/{name}", "/sagemaker/home?region={region}#/endpoints/{name}"),
        ("model/{name}", "/sagemaker/home?region={region}#/models/{name}"),
        ("notebook-instance/{name}", "/sagemaker/home?region={region}#/notebook-instances/{name}"),
        ("training-job/{name}", "/sagemaker/home?region={region}#/jobs/{name}"),
    ),
    "scheduler": (("schedule/{group}/{name}", "/scheduler/home?region={region}#schedules/{group}/{name}"),),
    "secretsmanager": (
        ("secret:{name*}-{_6}", "/secretsmanager/secret?name={name}&region={region}"),
        ("secret:{name*}", "/secretsmanager/secret?name={name}&region={region}"),
    ),
    "sns": (
        ("{name}", "/sns/v3/home?region={region}#/topic/{arn|plain}"),
        ("{name}:{id}", "/sns/v3/home?region={region}#/subscription/{arn|plain}"),
    ),
    "sqs": (("{name}", "/sqs/v3/home?region={region}#/queues/{queue}"),),
    "ssm": (
        ("parameter/{path*}", "/systems-manager/parameters/{parameter|twice}/description?region={region}"),
    ),
    "states": (
        ("stateMachine:{name}", "/states/home?region={region}#/statemachines/view/{arn}"),
        ("execution:{name}:{id}", "/states/home?region={region}#/v2/executions/details/{arn}"),
    ),
    "transfer": (("server/{id}", "/transfer/home?region={region}#/servers/{id}"),),
    "wafv2": (
        ("global/webacl/{name}/{id}", "/wafv2/homev2/web-acl/{name}/{id}/overview?region=global"),
        ("regional/webacl/{name}/{id}", "/wafv2/homev2/web-acl/{name}/{id}/overview?region={region}"),
    ),
}

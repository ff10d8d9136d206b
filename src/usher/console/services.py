"""The consoles of services, by the names that people type and by the identifiers of AWS's own tools.

A path is what follows the console's host; the region is added to it. The paths are those that consoles
lead to by themselves. Services that are not here are still known to the console, which is then asked by
name (`/go/view?service=`, as `aws console` does).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Service(NamedTuple):
    """A service's console. `names` are further names; `host` is its own host, in the partition aws alone.

    `is_global` says that it has no region: its pages are on the host without one.
    """

    name: str
    path: str
    names: tuple[str, ...] = ()
    is_global: bool = False
    host: str = ""


def find_service(name: str) -> Service | None:
    """The service that `name` means; None when the table has none."""
    return _BY_NAME.get(_plain(name))


def service_names() -> list[str]:
    """Every name of the table, sorted."""
    return sorted(_BY_NAME)


def console_finds(name: str) -> Service:
    """A service that AWS's tools know by `name` but this table does not: the console finds its page."""
    return Service(name, f"/go/view?service={name}")


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


SERVICES = (
    Service("accessanalyzer", "/access-analyzer/home", ("access-analyzer",)),
    Service("account", "/billing/home#/account", is_global=True),
    Service("acm", "/acm/home", ("certificates", "certificate-manager")),
    Service("acm-pca", "/acm-pca/home", ("pca", "private-ca")),
    Service("amp", "/prometheus/home", ("prometheus", "aps")),
    Service("amplify", "/amplify/home"),
    Service("apigateway", "/apigateway/main/apis", ("apigatewayv2", "apigw", "api-gateway", "execute-api")),
    Service("appconfig", "/systems-manager/appconfig"),
    Service("appmesh", "/appmesh/home"),
    Service("apprunner", "/apprunner/home"),
    Service("appstream", "/appstream2/home", ("appstream2",)),
    Service("appsync", "/appsync/home"),
    Service("artifact", "/artifact/home", is_global=True),
    Service("athena", "/athena/home#/query-editor"),
    Service("auditmanager", "/auditmanager/home"),
    Service("autoscaling", "/ec2/home#AutoScalingGroups:", ("asg", "auto-scaling")),
    Service("backup", "/backup/home"),
    Service("batch", "/batch/home"),
    Service("bedrock", "/bedrock/home", ("bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime")),
    Service("bedrock-agentcore", "/bedrock-agentcore/home", ("agentcore", "bedrock-agentcore-control")),
    Service("billing", "/billing/home", ("bills", "invoicing", "payments"), is_global=True),
    Service("billingconductor", "/billingconductor/home", is_global=True),
    Service("braket", "/braket/home"),
    Service("budgets", "/billing/home#/budgets", is_global=True),
    Service(
        "ce", "/cost-management/home", ("cost", "costs", "cost-explorer", "cost-management"), is_global=True
    ),
    Service("cloud9", "/cloud9/home", ("c9",)),
    Service("cloudformation", "/cloudformation/home#/stacks", ("cfn", "stacks")),
    Service("cloudfront", "/cloudfront/v4/home", ("cf", "cdn"), is_global=True),
    Service("cloudhsmv2", "/cloudhsm/home", ("cloudhsm",)),
    Service("cloudmap", "/cloudmap/home", ("servicediscovery",)),
    Service("cloudsearch", "/cloudsearch/home"),
    Service("cloudshell", "/cloudshell/home"),
    Service("cloudtrail", "/cloudtrailv2/home", ("ct", "trail")),
    Service("cloudwatch", "/cloudwatch/home", ("cw", "monitoring")),
    Service("codeartifact", "/codesuite/codeartifact/repositories"),
    Service("codebuild", "/codesuite/codebuild/projects", ("builds",)),
    Service("codecommit", "/codesuite/codecommit/repositories"),
    Service("codeconnections", "/codesuite/settings/connections", ("codestar-connections",)),
    Service("codedeploy", "/codesuite/codedeploy/applications"),
    Service("codepipeline", "/codesuite/codepipeline/pipelines", ("pipeline", "pipelines", "codesuite")),
    Service("cognito-idp", "/cognito/v2/idp/user-pools", ("cognito", "user-pools")),
    Service("cognito-identity", "/cognito/v2/identity/identity-pools", ("identity-pools",)),
    Service("comprehend", "/comprehend/home"),
    Service("compute-optimizer", "/compute-optimizer/home"),
    Service("config", "/config/home"),
    Service("connect", "/connect/v2/app/instances"),
    Service("controltower", "/controltower/home", ("control-tower",)),
    Service("databrew", "/databrew/home"),
    Service("datasync", "/datasync/home"),
    Service("datazone", "/datazone/home"),
    Service("detective", "/detective/home"),
    Service("devicefarm", "/devicefarm/home"),
    Service("directconnect", "/directconnect/v2/home", ("dx",)),
    Service("dms", "/dms/v2/home"),
    Service("docdb", "/docdb/home", ("documentdb",)),
    Service("drs", "/drs/home", ("elastic-disaster-recovery",)),
    Service("ds", "/directoryservicev2/home", ("directoryservice", "directory-service")),
    Service("dynamodb", "/dynamodbv2/home", ("ddb", "dynamo", "dynamodbstreams")),
    Service("ebs", "/ec2/home#Volumes:", ("volumes",)),
    Service("ec2", "/ec2/home", ("instances",)),
    Service("ecr", "/ecr/repositories", ("registry",)),
    Service("ecr-public", "/ecr/public-registry/repositories"),
    Service("ecs", "/ecs/v2/clusters", ("fargate",)),
    Service("efs", "/efs/home", ("elasticfilesystem",)),
    Service("eks", "/eks/home", ("k8s", "kubernetes")),
    Service("elasticache", "/elasticache/home", ("redis", "valkey", "memcached")),
    Service("elasticbeanstalk", "/elasticbeanstalk/home", ("eb", "beanstalk")),
    Service("elb", "/ec2/home#LoadBalancers:", ("elbv2", "alb", "nlb", "elasticloadbalancing")),
    Service("emr", "/emr/home", ("elasticmapreduce",)),
    Service("emr-serverless", "/emr/home#/serverless"),
    Service("eventbridge", "/events/home", ("events", "eb-rules")),
    Service("firehose", "/firehose/home"),
    Service("fis", "/fis/home"),
    Service("fms", "/wafv2/fmsv2"),
    Service("fsx", "/fsx/home"),
    Service("gamelift", "/gamelift/home"),
    Service("globalaccelerator", "/globalaccelerator/home", ("ga", "global-accelerator"), is_global=True),
    Service("glue", "/glue/home", ("gluestudio",)),
    Service("grafana", "/grafana/home"),
    Service("greengrass", "/iot/home#/greengrassIntro", ("greengrassv2",)),
    Service("guardduty", "/guardduty/home", ("gd",)),
    Service("health", "/health/home", ("phd",), is_global=True, host="health.console.aws.amazon.com"),
    Service("iam", "/iam/home", ("roles", "users", "policies"), is_global=True),
    Service("imagebuilder", "/imagebuilder/home", ("image-builder",)),
    Service("inspector2", "/inspector/v2/home", ("inspector",)),
    Service("iot", "/iot/home", ("iotcore", "iot-core")),
    Service("iotsitewise", "/iotsitewise/home"),
    Service("kafka", "/msk/home", ("msk",)),
    Service("kendra", "/kendra/home"),
    Service("keyspaces", "/keyspaces/home", ("cassandra",)),
    Service("kinesis", "/kinesis/home", ("streams",)),
    Service("kinesisanalyticsv2", "/flink/home", ("flink", "kinesisanalytics")),
    Service("kinesisvideo", "/kinesisvideo/home"),
    Service("kms", "/kms/home", ("keys",)),
    Service("lakeformation", "/lakeformation/home", ("lake-formation",)),
    Service("lambda", "/lambda/home#/functions", ("l", "functions")),
    Service("lexv2-models", "/lexv2/home", ("lex", "lexv2")),
    Service("license-manager", "/license-manager/home", ("licensemanager",)),
    Service("lightsail", "/ls/webapp/home", host="lightsail.aws.amazon.com"),
    Service("location", "/location/home", ("geo",)),
    Service("logs", "/cloudwatch/home#logsV2:log-groups", ("cwl", "log-groups", "cloudwatch-logs")),
    Service("logs-insights", "/cloudwatch/home#logsV2:logs-insights", ("insights",)),
    Service("macie2", "/macie/home", ("macie",)),
    Service("managedblockchain", "/managedblockchain/home"),
    Service("marketplace", "/marketplace/home", ("subscriptions",), is_global=True),
    Service("mediaconnect", "/mediaconnect/home"),
    Service("mediaconvert", "/mediaconvert/home"),
    Service("medialive", "/medialive/home"),
    Service("mediapackage", "/mediapackage/home"),
    Service("mediatailor", "/mediatailor/home"),
    Service("memorydb", "/memorydb/home"),
    Service("mgn", "/mgn/home"),
    Service("mq", "/amazon-mq/home", ("amazon-mq", "rabbitmq")),
    Service("mwaa", "/mwaa/home", ("airflow",)),
    Service("neptune", "/neptune/home"),
    Service("network-firewall", "/vpcconsole/home#NetworkFirewalls:"),
    Service("networkmanager", "/networkmanager/home", ("network-manager",), is_global=True),
    Service("notifications", "/notifications/home"),
    Service("opensearch", "/aos/home", ("aos", "es", "elasticsearch", "opensearchserverless", "aoss")),
    Service("organizations", "/organizations/v2/home", ("org", "orgs", "accounts"), is_global=True),
    Service("outposts", "/outposts/home"),
    Service("personalize", "/personalize/home"),
    Service("pipes", "/events/home#/pipes"),
    Service("polly", "/polly/home"),
    Service("qbusiness", "/amazonq/business", ("amazonq", "q")),
    Service("quicksight", "/sn/start", ("qs",), host="quicksight.aws.amazon.com"),
    Service("ram", "/ram/home"),
    Service("rds", "/rds/home#databases:", ("aurora", "databases")),
    Service("redshift", "/redshiftv2/home"),
    Service("redshift-serverless", "/redshiftv2/home#serverless-dashboard"),
    Service("rekognition", "/rekognition/home"),
    Service("resiliencehub", "/resiliencehub/home"),
    Service("resource-explorer-2", "/resource-explorer/home", ("resource-explorer",)),
    Service("resource-groups", "/resource-groups/home"),
    Service("resourcegroupstaggingapi", "/resource-groups/tag-editor/find-resources", ("tag-editor", "tags")),
    Service("rolesanywhere", "/rolesanywhere/home"),
    Service("route53", "/route53/v2/home", ("r53", "dns"), is_global=True),
    Service("route53domains", "/route53/domains/home", ("domains",), is_global=True),
    Service("route53resolver", "/vpcconsole/home#ResolverEndpoints:", ("resolver",)),
    Service("s3", "/s3/buckets", ("s3api", "s3control", "buckets")),
    Service("sagemaker", "/sagemaker/home", ("sm-studio",)),
    Service("savingsplans", "/cost-management/home#/savings-plans/overview", is_global=True),
    Service("scheduler", "/scheduler/home", ("schedules",)),
    Service("secretsmanager", "/secretsmanager/listsecrets", ("secrets", "sm", "scrm")),
    Service("securityhub", "/securityhub/home", ("scrh", "security-hub")),
    Service("securitylake", "/securitylake/home"),
    Service("serverlessrepo", "/serverlessrepo/home"),
    Service("service-quotas", "/servicequotas/home", ("servicequotas", "quotas", "limits")),
    Service("servicecatalog", "/servicecatalog/home", ("service-catalog",)),
    Service("ses", "/ses/home", ("sesv2", "email")),
    Service("shield", "/wafv2/shieldv2", is_global=True),
    Service("sns", "/sns/v3/home#/topics", ("topics",)),
    Service("sqs", "/sqs/v3/home#/queues", ("queues",)),
    Service("ssm", "/systems-manager/home", ("systems-manager", "systemsmanager")),
    Service("ssm-incidents", "/systems-manager/incidents/home", ("incident-manager",)),
    Service("ssm-parameters", "/systems-manager/parameters", ("param", "parameters", "parameter-store")),
    Service("ssm-sessions", "/systems-manager/session-manager/sessions", ("session-manager", "sessions")),
    Service("sso", "/singlesignon/home", ("sso-admin", "identity-center", "singlesignon", "identitystore")),
    Service("stepfunctions", "/states/home#/statemachines", ("sfn", "states", "stepfn", "step-functions")),
    Service("storagegateway", "/storagegateway/home"),
    Service("support", "/support/home", ("cases",), is_global=True),
    Service("swf", "/swf/v2/home"),
    Service("synthetics", "/cloudwatch/home#synthetics:canary/list", ("canaries",)),
    Service("textract", "/textract/home"),
    Service(
        "timestream-influxdb", "/timestream/home", ("timestream", "timestream-query", "timestream-write")
    ),
    Service("transcribe", "/transcribe/home"),
    Service("transfer", "/transfer/home", ("sftp",)),
    Service("translate", "/translate/home"),
    Service("trustedadvisor", "/trustedadvisor/home", ("ta", "tra"), is_global=True),
    Service("verifiedpermissions", "/verifiedpermissions/home", ("avp",)),
    Service("vpc", "/vpcconsole/home", ("subnets", "networks")),
    Service("vpc-lattice", "/vpcconsole/home#Services:"),
    Service("wafv2", "/wafv2/homev2", ("waf", "waf-regional")),
    Service("wellarchitected", "/wellarchitected/home"),
    Service("workmail", "/workmail/v2/home"),
    Service("workspaces", "/workspaces/v2/home"),
    Service("xray", "/cloudwatch/home#xray:traces/query", ("x-ray", "traces")),
)

_BY_NAME: Mapping[str, Service] = {
    name: service for service in SERVICES for name in (service.name, *service.names)
}

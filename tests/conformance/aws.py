"""boto3 against an emulator, with synthetic credentials."""

import contextlib

import boto3
import botocore.config
import botocore.exceptions
import requests

REGION = "eu-central-1"
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def client(endpoint, service="elasticache", key=KEY, secret=SECRET, token=None):
    """A client that says at once what the server answered, instead of trying again."""
    session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)
    # Bad parameters must reach the server: its refusal is what is tested.
    config = botocore.config.Config(
        retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, parameter_validation=False
    )
    return session.client(service, region_name=REGION, endpoint_url=endpoint, config=config)


def assumed(endpoint, role_arn, **more):
    """The credentials of a role, in STS's own spelling."""
    sts = client(endpoint, "sts")
    return sts.assume_role(RoleArn=role_arn, RoleSessionName="conformance", **more)["Credentials"]


class Raised:
    """What a call raised, filled in when the block ends."""

    error = None


@contextlib.contextmanager
def raises(code, status=None):
    """The block must end in an error of AWS with this code on the wire."""
    raised = Raised()
    try:
        yield raised
    except botocore.exceptions.ClientError as error:
        raised.error = error.response
        got = error.response["Error"].get("Code"), error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == (code, status or got[1]), f"wanted {code} {status or ''}, got {got}: {error}"
    else:
        raise AssertionError(f"wanted {code}, and the call succeeded")


def keys(credentials):
    """STS's spelling as the arguments of `client`."""
    return {
        "key": credentials["AccessKeyId"],
        "secret": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
    }


def network(endpoint, **identity):
    """A VPC with two subnets, a subnet group over them, and a security group that is not the VPC's default."""
    ec2, elasticache = client(endpoint, "ec2", **identity), client(endpoint, **identity)
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="caches", Description="caches", VpcId=vpc)["GroupId"]
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="caches", CacheSubnetGroupDescription="caches", SubnetIds=subnets
    )
    return {"subnet_group": "caches", "security_group_ids": [group], "subnets": subnets, "vpc": vpc}


def group(elasticache, name):
    """One replication group, as it is described now."""
    return elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]


def members(elasticache, group_):
    """The member clusters of a group, as they are described now."""
    return [
        elasticache.describe_cache_clusters(CacheClusterId=m, ShowCacheNodeInfo=True)["CacheClusters"][0]
        for m in group_["MemberClusters"]
    ]


def tags(elasticache, group_):
    """The tags of a group as a dict."""
    listed = elasticache.list_tags_for_resource(ResourceName=group_["ARN"])["TagList"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def quick(waits=200):
    """A waiter that looks often: emulated clouds take seconds, not minutes."""
    return {"Delay": 0.1, "MaxAttempts": waits}


def mutate(sandbox, **change):
    """Changes the sandbox by another hand than the callers'."""
    answer = requests.post(f"{sandbox}/_sandbox/mutate", json=change, timeout=10)
    assert answer.ok, answer.text

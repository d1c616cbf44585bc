"""The strict reader finds what it is there for."""

import boto3
import pytest

import strict

MODEL = boto3.session.Session()._session.get_service_model("elasticache")
GOOD = """<DescribeReplicationGroupsResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/">
<DescribeReplicationGroupsResult><ReplicationGroups><ReplicationGroup>
<ReplicationGroupId>a</ReplicationGroupId><AuthTokenEnabled>true</AuthTokenEnabled>
<SnapshotRetentionLimit>3</SnapshotRetentionLimit>
<ReplicationGroupCreateTime>2026-01-02T03:04:05.678Z</ReplicationGroupCreateTime>
</ReplicationGroup></ReplicationGroups></DescribeReplicationGroupsResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeReplicationGroupsResponse>"""


def faults(body):
    return strict.faults(MODEL.operation_model("DescribeReplicationGroups"), body)


def test_a_good_answer_has_no_fault():
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    "good, bad, fault",
    [
        ("ReplicationGroupId>", "ReplicationGroupid>", "is unknown"),
        ("<ReplicationGroup>\n", "<member>\n", "holds <member>"),
        ("true", "True", "is no boolean"),
        ("3<", "three<", "is no integer"),
        ("678Z", "678", "is no timestamp"),
        ("<RequestId>r</RequestId>", "", "no ResponseMetadata"),
        ("2015-02-02", "2014-01-01", "the root is"),
        ("<AuthTokenEnabled>", "<AuthTokenEnabled>true</AuthTokenEnabled><AuthTokenEnabled>", "comes twice"),
        ("DescribeReplicationGroupsResult>", "DescribeReplicationGroupResult>", "no <DescribeReplicationGroupsResult>"),
    ],
)
def test_a_planted_fault_is_found(good, bad, fault):
    body = GOOD.replace(good, bad)
    if bad == "<member>\n":
        body = body.replace("</ReplicationGroup>", "</member>")
    assert body != GOOD and any(fault in found for found in faults(body)), faults(body)

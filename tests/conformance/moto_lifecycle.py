"""moto's server with the lifecycle that its ElastiCache lacks.

    python moto_lifecycle.py -H 127.0.0.1 -p PORT

moto answers the calls but never moves anything: a group is `available` in the answer to its creation and `deleting`
for ever after its deletion. A driver that waits would either never wait or never finish. Every patch below says what
moto does and what AWS does instead. They reach into moto's internals, so requirements.txt pins its version exactly.
"""

import sys

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, PaginatedResult
from moto.core.utils import utcnow
from moto.elasticache.models import ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

# How many times a state is shown by DescribeReplicationGroups before it ends. Counted and not timed, so that a slow
# machine sees the same states as a fast one.
SHOWN = {"creating": 2, "modifying": 1, "deleting": 2}


class Refused(ServiceException):
    """An error of AWS that moto does not have, by its code on the wire."""

    def __init__(self, code, message):
        super().__init__(code, message)


# --- states: moto has `available` at once, and `deleting` without an end ---


class Lifecycle:
    """The state of one replication group, moved on by each look at it."""

    def __init__(self):
        self.state = "creating"
        self.shown = 0

    def enter(self, state):
        self.state, self.shown = state, 0

    def look(self):
        if self.state not in SHOWN:
            return
        self.shown += 1
        if self.shown > SHOWN[self.state]:
            self.enter("gone" if self.state == "deleting" else "available")


def status(self):
    return self.lifecycle.state if "lifecycle" in self.__dict__ else "available"


def set_status(self, value):
    # moto itself only ever sets `available` (in the constructor) and `deleting`.
    if value == "deleting":
        self.lifecycle.enter("deleting")


# moto shows endpoints from the first moment; AWS only once there are nodes.
def node_groups(self):
    creating = "lifecycle" in self.__dict__ and self.lifecycle.state == "creating"
    return [] if creating else self.__dict__["all_node_groups"]


def set_node_groups(self, value):
    self.__dict__["all_node_groups"] = value


moto_init = ReplicationGroup.__init__


def init(self, *args, **kwargs):
    moto_init(self, *args, **kwargs)
    self.lifecycle = Lifecycle()


ReplicationGroup.status = property(status, set_status)
ReplicationGroup.node_groups = property(node_groups, set_node_groups)
ReplicationGroup.__init__ = init

moto_create = ElastiCacheBackend.create_replication_group
moto_describe = ElastiCacheBackend.describe_replication_groups
moto_modify = ElastiCacheBackend.modify_replication_group
moto_delete = ElastiCacheBackend.delete_replication_group


def extra(backend, kind):
    """Where a backend (one account in one region) keeps what moto has no place for."""
    return backend.__dict__.setdefault("extra", {}).setdefault(kind, {})


def record(backend, source, message):
    events = extra(backend, "events").setdefault("all", [])
    events.append({"SourceIdentifier": source, "SourceType": "replication-group", "Message": message, "Date": utcnow()})


def create_replication_group(self, **kwargs):
    # moto accepts a subnet group and a parameter group that do not exist.
    subnet_group = kwargs["cache_subnet_group_name"]
    if subnet_group and subnet_group not in self.cache_subnet_groups:
        raise Refused("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {subnet_group} not found.")
    parameter_group = kwargs["cache_parameter_group_name"]
    if parameter_group:
        parameter_group_named(self, parameter_group)
    group = moto_create(self, **kwargs)
    record(self, group.replication_group_id, f"Replication group {group.replication_group_id} created")
    return group


def describe_replication_groups(self, replication_group_id=None):
    looked_at = [replication_group_id] if replication_group_id else list(self.replication_groups)
    for name in looked_at:
        group = self.replication_groups.get(name)
        if group is None:
            continue
        group.lifecycle.look()
        if group.lifecycle.state == "gone":
            del self.replication_groups[name]
            # moto's tags outlive what they are tied to, and would come back with the next group of the same name.
            self.tagging_service.delete_all_tags_for_resource(group.arn)
            record(self, name, f"Replication group {name} deleted")
    return moto_describe(self, replication_group_id)


def must_be_available(self, name):
    # moto lets a group be modified and deleted in any state.
    group = self.replication_groups.get(name)
    if group is not None and group.status != "available":
        raise Refused(
            "InvalidReplicationGroupState", f"Replication group {name} is not in available state: {group.status}"
        )


def modify_replication_group(self, replication_group_id, **kwargs):
    must_be_available(self, replication_group_id)
    group = moto_modify(self, replication_group_id=replication_group_id, **kwargs)
    group.lifecycle.enter("modifying")
    return group


def delete_replication_group(self, replication_group_id, retain_primary_cluster):
    must_be_available(self, replication_group_id)
    return moto_delete(self, replication_group_id, retain_primary_cluster)


ElastiCacheBackend.create_replication_group = create_replication_group
ElastiCacheBackend.describe_replication_groups = describe_replication_groups
ElastiCacheBackend.modify_replication_group = modify_replication_group
ElastiCacheBackend.delete_replication_group = delete_replication_group


# --- tags: AWS refuses to list them while the group is busy, moto does not ---

moto_list_tags = ElastiCacheBackend.list_tags_for_resource


def list_tags_for_resource(self, arn):
    for name, group in self.replication_groups.items():
        if group.arn == arn:
            must_be_available(self, name)
    return moto_list_tags(self, arn)


ElastiCacheBackend.list_tags_for_resource = list_tags_for_resource


# --- member clusters: moto names them in MemberClusters, and then does not know them ---

moto_describe_clusters = ElastiCacheBackend.describe_cache_clusters

# What AWS picks without EngineVersion; moto keeps none.
NEWEST = {"redis": "7.1.0", "valkey": "8.2.0"}


def member(group, name):
    default = f"default.{group.engine}{NEWEST.get(group.engine, '')[:1]}"
    return {
        "CacheClusterId": name,
        "ReplicationGroupId": group.replication_group_id,
        "CacheClusterStatus": group.status,
        "CacheNodeType": group.cache_node_type,
        "Engine": group.engine,
        "EngineVersion": group.engine_version or NEWEST.get(group.engine),
        "NumCacheNodes": 1,
        "CacheClusterCreateTime": group.replication_group_create_time,
        "PreferredMaintenanceWindow": group.preferred_maintenance_window or "sun:05:00-sun:06:00",
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.cache_parameter_group_name or default,
            "ParameterApplyStatus": "in-sync",
        },
        "CacheSubnetGroupName": group.cache_subnet_group_name or "default",
        "SecurityGroups": [{"SecurityGroupId": g, "Status": "active"} for g in group.security_group_ids or []],
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "SnapshotWindow": group.snapshot_window,
        "AuthTokenEnabled": group.auth_token_enabled,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
    }


def describe_cache_clusters(self, cache_cluster_id=None):
    members = {n: member(g, n) for g in self.replication_groups.values() for n in g.member_clusters}
    if cache_cluster_id in members:
        return [members[cache_cluster_id]]
    own = moto_describe_clusters(self, cache_cluster_id)
    return own if cache_cluster_id else [*own, *members.values()]


ElastiCacheBackend.describe_cache_clusters = describe_cache_clusters


# --- actions that moto does not have: it answers them with 500 and an HTML page ---


def parameter_group_named(backend, name):
    group = extra(backend, "parameter groups").get(name)
    if group is None and name.startswith("default."):
        family = name.removeprefix("default.").removesuffix(".cluster.on")
        group = {"name": name, "family": family, "description": f"Default parameter group for {family}", "values": {}}
    if group is None:
        raise Refused("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    return group


def shown_parameter_group(backend, group):
    return {
        "CacheParameterGroupName": group["name"],
        "CacheParameterGroupFamily": group["family"],
        "Description": group["description"],
        "IsGlobal": False,
        "ARN": f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{group['name']}",
    }


def create_cache_parameter_group(self):
    backend, params = self.elasticache_backend, self._get_params()
    name, groups = params["CacheParameterGroupName"].lower(), extra(backend, "parameter groups")
    if name in groups or name.startswith("default."):
        raise Refused(
            "CacheParameterGroupAlreadyExists", f"A cache parameter group with the name {name} already exists."
        )
    groups[name] = {
        "name": name,
        "family": params["CacheParameterGroupFamily"],
        "description": params["Description"],
        "values": {},
    }
    shown = shown_parameter_group(backend, groups[name])
    if params.get("Tags"):
        backend.tagging_service.tag_resource(shown["ARN"], params["Tags"])
    return ActionResult({"CacheParameterGroup": shown})


def describe_cache_parameter_groups(self):
    backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
    groups = [parameter_group_named(backend, name)] if name else extra(backend, "parameter groups").values()
    return PaginatedResult({"CacheParameterGroups": [shown_parameter_group(backend, g) for g in groups]})


def modify_cache_parameter_group(self):
    params = self._get_params()
    name = params["CacheParameterGroupName"]
    if name.startswith("default."):
        raise Refused("InvalidCacheParameterGroupState", "Default parameter groups cannot be modified.")
    group = parameter_group_named(self.elasticache_backend, name)
    for pair in params["ParameterNameValues"]:
        group["values"][pair["ParameterName"]] = pair["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": name})


def describe_cache_parameters(self):
    # Only what a user has set: moto has no list of the parameters of a family, and inventing one would prove nothing.
    group = parameter_group_named(self.elasticache_backend, self._get_param("CacheParameterGroupName"))
    values = [{"ParameterName": k, "ParameterValue": v, "Source": "user"} for k, v in group["values"].items()]
    return PaginatedResult({"Parameters": values})


def delete_cache_parameter_group(self):
    backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
    parameter_group_named(backend, name)
    if name.startswith("default.") or any(
        g.cache_parameter_group_name == name for g in backend.replication_groups.values()
    ):
        raise Refused("InvalidCacheParameterGroupState", f"The parameter group {name} is in use.")
    del extra(backend, "parameter groups")[name]
    return ActionResult({})


def delete_cache_subnet_group(self):
    backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
    if name not in backend.cache_subnet_groups:
        raise Refused("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {name} not found.")
    if any(g.cache_subnet_group_name == name for g in backend.replication_groups.values()):
        raise Refused("CacheSubnetGroupInUse", f"CacheSubnetGroup {name} is in use.")
    del backend.cache_subnet_groups[name]
    return ActionResult({})


def describe_events(self):
    params = self._get_params()
    found = [
        event
        for event in extra(self.elasticache_backend, "events").get("all", [])
        if params.get("SourceIdentifier") in (None, event["SourceIdentifier"])
        and params.get("SourceType") in (None, event["SourceType"])
    ]
    return PaginatedResult({"Events": found})


for action in (
    create_cache_parameter_group,
    describe_cache_parameter_groups,
    modify_cache_parameter_group,
    describe_cache_parameters,
    delete_cache_parameter_group,
    delete_cache_subnet_group,
    describe_events,
):
    setattr(ElastiCacheResponse, action.__name__, action)


if __name__ == "__main__":
    from moto.server import main

    main(sys.argv[1:])

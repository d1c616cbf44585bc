resource "humanitec_resource_type" "cache" {
  for_each = local.types

  id             = each.value.type
  name           = each.value.name
  category       = each.value.category
  use            = each.value.use
  inputs_schema  = jsonencode(each.value.inputs_schema)
  outputs_schema = jsonencode(each.value.outputs_schema)
}

resource "humanitec_resource_driver" "cache" {
  for_each = local.drivers

  id            = each.value.id
  type          = each.value.type
  account_types = each.value.account_types
  inputs_schema = jsonencode(each.value.inputs_schema)
  # Each route is a driver of its own; resources' ids are appended.
  target = "${trimsuffix(var.url, "/")}/${each.key}/"

  # Its type has to be known.
  depends_on = [humanitec_resource_type.cache]
}

resource "humanitec_resource_definition" "cache" {
  for_each = local.definitions

  id             = each.value.name
  name           = each.value.name
  type           = each.value.type
  driver_type    = each.value.driver_type
  driver_account = var.driver_account
  driver_inputs = {
    values_string = jsonencode(each.value.driver_inputs.values)
  }

  depends_on = [humanitec_resource_driver.cache]
}

resource "humanitec_resource_definition_criteria" "cache" {
  for_each = local.criteria

  resource_definition_id = humanitec_resource_definition.cache[each.value.definition].id
  env_type               = each.value.env_type
  app_id                 = each.value.app_id
}

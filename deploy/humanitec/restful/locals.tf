# How the driver answers, in the words of the provider.
locals {
  path = "/${var.route}/${var.id}"

  body = {
    type   = var.type
    driver = { values = var.values }
  }

  # 202 until it is as wanted, with a Retry-After that the provider heeds; a 400 has the cause in its body.
  poll_ready = {
    status_locator    = "code"
    status            = { success = "200", pending = ["202"] }
    default_delay_sec = 10
  }
  poll_gone = {
    status_locator    = "code"
    status            = { success = "404", pending = ["202", "200"] }
    default_delay_sec = 10
  }
}

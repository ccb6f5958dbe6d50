// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Which cluster a command speaks of, and how to reach it.
struct SiteOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The cluster's description.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "cluster.yaml"

  @Flag(help: "Speak to the lab that `cluster lab up` has started, not to the real machines.")
  var lab = false

  @Option(
    help: "The folder with the secrets that the description names.", completion: .directory)
  var secrets = "/etc/cluster/secrets"

  @Option(help: "An ssh_config(5) file to use instead of your own.", completion: .file())
  var sshConfig: String?
}

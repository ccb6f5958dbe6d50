// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A node that fetches its image over HTTP and runs it from memory: nothing is left when it goes down.
package enum Stateless: Provisioner {
  package static let name = "stateless"
  package static let stages = [
    .powered, .dhcp,
    BootStage(
      .script, "fetched its boot script", patience: 180,
      advice: "Check its console: the kernel may lack the driver of its card, or the memory for the image."),
    BootStage(
      .image, "fetched its image", patience: 180,
      advice: "Check its console: a unit may hang before the one that reports that it is ready."),
    .ready,
  ]

  package static func script(
    _ node: ComputeNode, image: String, in cluster: Cluster, _ scripts: BootScript
  ) -> String {
    scripts.node(node.name, image: image, kernel: node.kernelArguments)
  }
}

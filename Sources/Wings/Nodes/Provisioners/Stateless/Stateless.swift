// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A node that fetches its image over HTTP and runs it from memory: nothing is left when it goes down.
package enum Stateless: Provisioner {
  package static let name = "stateless"
  package static let stages = [
    // Firmware of large machines tests their memory for minutes.
    BootStage(
      .powered, "switched on", patience: 600,
      advice: "Check its power, its cable and its boot order, and that the MAC address in the spec is its card's."),
    BootStage(
      .dhcp, "got an address", patience: 180,
      advice: "Check that its card's firmware boots by PXE or UEFI HTTP, and TFTP on the active head."),
    BootStage(
      .script, "fetched its boot script", patience: 180,
      advice: "Check its console: the kernel may lack the driver of its card, or the memory for the image."),
    BootStage(
      .image, "fetched its image", patience: 180,
      advice: "Check its console: a unit may hang before the one that reports that it is ready."),
    BootStage(
      .ready, "ready", patience: NodeReport.lately, advice: "Check its console, and its link to the boot network."),
  ]

  package static func script(
    _ node: ComputeNode, image: String, in cluster: Cluster, _ scripts: BootScript
  ) -> String {
    scripts.node(node.name, image: image, kernel: node.kernelArguments)
  }
}

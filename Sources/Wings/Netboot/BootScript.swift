// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The iPXE scripts that the heads serve: see ipxe.org/scripting.
///
/// boot.ipxe → /ipxe/MAC.ipxe → for a node /images/NAME/DIGEST/boot.ipxe, which the image's builder wrote and which
/// passes `${nodeargs}` to the kernel; for a head /clone/MAC.ipxe, which exists only while the head is being installed.
package struct BootScript {
  /// Where the machines find the heads: written out once, for ten thousand scripts.
  private let server: String
  /// The part of every node's script between the name of its image, its own name, and again these two.
  private let arguments: String
  private let rest: String

  /// - Parameter reportEvery: seconds between two reports of a node that is ready.
  init(server: IPv4Address, prefix: Int, reportEvery: Int) {
    self.server = "\(server)"
    arguments =
      "\nset head \(server)\nset nodeargs cluster.ip=${netX/ip}/\(prefix) cluster.gw=${netX/gateway} "
      + "BOOTIF=01-${netX/mac:hexhyp} cluster.report=\(reportEvery) systemd.hostname="
    rest =
      " head=\(server) mac=${netX/mac}\nset tries:int32 0\n:again\n"
      + "chain --replace --autofree http://\(server)/images/"
  }

  /// A head may be away for a moment, as when another one takes its services over: a machine asks again for two
  /// minutes, and then starts over from its firmware. It never stops where somebody would have to walk to it.
  package static let retry = """
    inc tries
    iseq ${tries} 24 && reboot ||
    sleep 5
    goto again

    """

  /// The first scripts of every machine.
  ///
  /// - Parameter network: one whose machines find the heads at another address than most. Nil: most.
  static func common(server: IPv4Address, of network: String? = nil) -> [String: TreeGoal.Entry] {
    let discovering = file("discover", network)
    return [
      file("boot", network): TreeGoal.Entry(
        .text(
          """
          #!ipxe
          # Written by cluster. Every machine starts here.
          set tries:int32 0
          :again
          chain --replace --autofree http://\(server)/ipxe/${netX/mac:hexhyp}.ipxe || chain --replace --autofree http://\(server)/\(discovering) ||
          \(retry)
          """)),
      discovering: TreeGoal.Entry(.text(discover(server: server))),
    ]
  }

  static func file(_ name: String, _ network: String?) -> String { name + (network.map { "-\($0)" } ?? "") + ".ipxe" }

  /// A machine that nobody has named: it tells who it is, and waits until it has a name.
  private static func discover(server: IPv4Address) -> String {
    """
    #!ipxe
    # Written by cluster. For machines that the description does not name.
    echo ${netX/mac} is not in cluster.yaml. Waiting until it is.
    :again
    imgfetch --name report http://\(server)/report?event=discover&mac=${netX/mac}&uuid=${uuid}&manufacturer=${manufacturer:uristring}&product=${product:uristring}&serial=${serial:uristring} ||
    imgfree report ||
    sleep 5
    chain --replace --autofree http://\(server)/ipxe/${netX/mac:hexhyp}.ipxe || goto again

    """
  }

  /// - Parameter words: more arguments of the kernel, which are not among those with the tag.
  package func node(
    _ name: HostID, image: String, kernel: KernelArguments = KernelArguments(), words: [String] = []
  ) -> String {
    let parts = [
      "#!ipxe\n# Written by cluster. ", name.name, " runs ", image, Self.consoles(kernel), arguments, name.name,
      Self.own(kernel), words.map { " " + $0 }.joined(), rest, image, "/boot.ipxe ||\n", Self.retry,
    ]
    var text = ""
    // Else each of ten thousand scripts is moved while it grows, and takes twice the room.
    text.reserveCapacity(parts.reduce(0) { $0 + $1.utf8.count })
    for part in parts { text += part }
    return text
  }

  /// The consoles, where the arguments do not name them: `${consoles}` is expanded by the image's script.
  private static func consoles(_ kernel: KernelArguments) -> String {
    kernel.nameConsoles ? ".\nset consoles" : ".\nset consoles " + KernelArguments.consoles
  }

  /// With a tag that the node reports, so that the heads see which arguments it was started with.
  private static func own(_ kernel: KernelArguments) -> String {
    guard let tag = kernel.tag else { return "" }
    return " \(KernelArguments.reservedPrefix)args=\(tag) " + kernel.words.joined(separator: " ")
  }

  /// A node that boots signed has another boot loader. What runs this script has been started before the node had its
  /// name: it starts over, and then gets the right one.
  static func startOver(_ node: HostID) -> String {
    """
    #!ipxe
    # Written by cluster. \(node) boots signed: its firmware gets another boot loader.
    reboot

    """
  }

  /// A head boots from its disk, unless it is being installed.
  func head(mac: MACAddress) -> String {
    """
    #!ipxe
    # Written by cluster. A head boots from its disk, unless it is being installed.
    chain --replace --autofree http://\(server)/clone/\(mac.hyphenated).ipxe || sanboot --no-describe --drive 0x80 || exit

    """
  }
}

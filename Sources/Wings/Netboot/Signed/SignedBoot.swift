// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Boot that is signed: `boot: signed`.
///
/// A node's firmware gets GRUB over TFTP instead of iPXE, with a public key and a small configuration built in. From
/// there on GRUB runs nothing that the site has not signed: the node's script, which names the image and the kernel's
/// arguments, the image's own script, which names the digest of its root, the kernel and the initrd.
package enum SignedBoot {
  static let key = Key(
    "boot", Form<Bool>.choice([("plain", false), ("signed", true)], what: "a way to boot"),
    "Whether nodes boot only what the site has signed: signed, by GRUB, or plain, by iPXE. Default: plain.")

  /// Where the description asks for it. Nil: it does not.
  package static func asked(_ cluster: Cluster) -> SourceSpan? {
    guard let setting = cluster.settings[key.name], setting.value as? Bool == true else { return nil }
    return setting.source
  }

  package static let packages = ["grub-common", "grub-efi-amd64-bin", "grub-pc-bin"]

  /// The boot loaders that firmware asks for, by how their files end, as grub-mkimage(1) names them.
  package enum Loader: String, CaseIterable, Sendable {
    case bios = "pxe"
    case uefi = "efi"

    package var format: String {
      switch self {
      case .bios: "i386-pc-pxe"
      case .uefi: "x86_64-efi"
      }
    }

    /// No more than scripts of ours need: what is not there cannot be misused. Without `regexp`, nothing is expanded in
    /// arguments.
    package var modules: [String] {
      [
        "boot", "configfile", "echo", "gcry_dsa", "gcry_sha256", "http", "linux", "memdisk", "net", "normal", "pgp",
        "reboot", "sleep", "tar", "test", self == .bios ? "pxe" : "efinet",
      ]
    }
  }

  /// The name of the loaders for a network, without their ends. See `BootScript.file`.
  static func loader(_ network: String?) -> String { "boot" + (network.map { "-\($0)" } ?? "") }

  /// The file in which the script of a machine is.
  package static func file(of mac: MACAddress) -> String { "\(mac.description.suffix(2)).cfg" }

  /// The configuration that is built into GRUB: it asks for the node's script for two minutes, and then starts over
  /// from the firmware. Nobody can stop it: it shows no menu, and the prompt wants a user who has no password.
  ///
  /// GRUB opens no file whose signature is not right. A script that returns has not booted.
  static func configuration(server: IPv4Address) -> String {
    """
    # Written by cluster.
    set superusers=cluster
    export superusers
    set server=\(server)
    for try in \((1...24).map(String.init).joined(separator: " ")); do
      echo "$net_default_mac asks $server for what is signed for it ($try of 24)"
      source (http,$server)/signed/$net_default_mac.cfg
      sleep 5
    done
    echo "Nothing here is signed for $net_default_mac. Starting over."
    reboot

    """
  }

  /// The half of a node's script that is the same for all nodes of an image, beside the image.
  ///
  /// - Parameter squashfs: SHA-256 of the image's root.
  package static func imageScript(_ image: String, squashfs: String) -> String {
    """
    # \(image)
    if [ "$image" = "\(image)" ]; then
      set sha256=\(squashfs)
    fi

    """
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The files that a node that computes has no use for. Leaving them out halves the image, and so the time that every
/// boot takes to fetch it.
package struct SlimImage: Sendable {
  /// Parts that the image has all the same.
  package let kept: [ImagePart]

  package init(keeping kept: [ImagePart]) { self.kept = kept }

  /// Parts that it does not have, in the order of the list.
  package var leftOut: [ImagePart] { ImagePart.allCases.filter { !kept.contains($0) } }

  /// Patterns below the root, for `mksquashfs -wildcards -ef`.
  package var excluded: [String] { Self.made + leftOut.flatMap { Self.patterns($0) } }

  /// Patterns for dpkg's `path-exclude`: what is not unpacked need not be packed.
  /// Programs of the site may make locales while it is built.
  package var unpacked: [String] {
    let patterns: [String] = leftOut.filter(\.isOfPackages).flatMap { Self.patterns($0) }
    return patterns.filter { $0 != "usr/share/i18n/*" }.map { "/\($0)" }
  }

  /// Patterns of what every boot makes anew, is served beside the image, or is fetched again at first need.
  private static let made =
    ["boot", "dev", "proc", "sys", "run", "tmp"].map { "\($0)/*" } + ["vmlinuz*", "initrd*"]
    + ["var/cache/apt/*", "var/lib/apt/lists/*"]

  /// Patterns of one part. `usr/lib`, because `lib` is a link to it.
  package static func patterns(_ part: ImagePart) -> [String] {
    part.folders.map { part.isOfPackages ? "usr/share/\($0)/*" : "usr/lib/modules/*/kernel/\($0)" }
  }
}

extension ImagePart {
  /// It is of packages, whose manager can leave it out. The others are drivers.
  package var isOfPackages: Bool { [.docs, .man, .info, .locales].contains(self) }

  /// Below /usr/share, or below the modules of a kernel.
  fileprivate var folders: [String] {
    switch self {
    case .docs: ["doc", "lintian"]
    case .man: ["man"]
    case .info: ["info"]
    case .locales: ["locale", "i18n"]
    case .sound: ["sound"]
    case .gpu: ["drivers/gpu"]
    case .media: ["drivers/media"]
    case .staging: ["drivers/staging"]
    case .wireless: ["drivers/net/wireless", "net/wireless", "net/mac80211"]
    case .bluetooth: ["drivers/bluetooth", "net/bluetooth"]
    case .input: ["drivers/input/joystick", "drivers/input/touchscreen"]
    case .sensors: ["drivers/iio"]
    case .isdn: ["drivers/isdn"]
    case .acquisition: ["drivers/comedi"]
    case .gadgets: ["drivers/usb/gadget"]
    }
  }

  /// A description for people who miss it.
  package var words: String {
    switch self {
    case .docs: "documentation of packages: /usr/share/doc"
    case .man: "manual pages: /usr/share/man"
    case .info: "info pages: /usr/share/info"
    case .locales: "translations, and what locale-gen(8) makes locales from: /usr/share/locale, /usr/share/i18n"
    case .sound: "drivers of sound cards"
    case .gpu: "drivers of graphics cards that come with the kernel"
    case .media: "drivers of cameras and television cards"
    case .staging: "drivers that the kernel's authors have not taken in yet"
    case .wireless: "drivers of wireless network cards"
    case .bluetooth: "drivers of Bluetooth"
    case .input: "drivers of joysticks and touch screens"
    case .sensors: "drivers of industrial sensors"
    case .isdn: "drivers of ISDN cards"
    case .acquisition: "drivers of data acquisition cards"
    case .gadgets: "drivers of machines that are a USB device themselves"
    }
  }
}

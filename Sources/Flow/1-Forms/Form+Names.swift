// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

extension Form where Value == String {
  /// A host name label in lower case (RFC 1123): letters, digits and inner hyphens.
  package static func label(_ noun: String, longest: Int = 63) -> Form {
    text(noun, code: .badName, pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$") { text in
      labelProblem(text, longest: longest).map { .wrong($0.detail, help: $0.help, replacement: $0.replacement) }
        ?? .value(text)
    }
  }

  /// The name of a machine: see `machineNameProblem`.
  package static func machine(_ noun: String) -> Form {
    text(noun, code: .badName, pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$") { text in
      machineNameProblem(text).map { .wrong($0.detail, help: $0.help, replacement: $0.replacement) } ?? .value(text)
    }
  }

  /// A DNS domain: labels between dots.
  package static var domain: Form {
    text(
      "a domain", code: .badName, pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
      examples: ["alps.example.org"]
    ) { text in
      let labels = text.split(separator: ".", omittingEmptySubsequences: false)
      guard text.utf8.count <= 253, labels.allSatisfy({ labelProblem(String($0), longest: 63) == nil }) else {
        let lower = text.lowercased()
        let isMended =
          lower != text
          && lower.split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy { labelProblem(String($0), longest: 63) == nil }
        return .wrong(
          "`\(shown(text))` is not a domain.",
          help: "Labels of lower-case letters, digits and inner hyphens, between dots: `alps.example.org`.",
          replacement: isMended ? lower : nil)
      }
      return .value(text)
    }
  }

  /// A host name or an IPv4 address.
  package static func host(_ noun: String, example: String) -> Form {
    text(noun, code: .badName, pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", examples: [example]) { text in
      let labels = text.split(separator: ".", omittingEmptySubsequences: false)
      guard text.utf8.count <= 253,
        labels.allSatisfy({ isWord($0, first: isAlphanumeric, rest: "-") && $0.utf8.count <= 63 && !$0.hasSuffix("-") })
      else {
        return .wrong("`\(shown(text))` is not \(noun).", help: "Write its name or its address: `\(example)`.")
      }
      return .value(text)
    }
  }

  /// A name of a network interface: at most 15 bytes, as the kernel allows.
  package static var interface: Form {
    text("the name of an interface", code: .badName, pattern: "^[A-Za-z][A-Za-z0-9_.-]{0,14}$") { text in
      guard text.utf8.count <= 15, isWord(text, first: { isAlphanumeric($0) && $0 > 57 }, rest: "_.-") else {
        return .wrong(
          "`\(shown(text))` is not the name of a network interface.",
          help: "The kernel takes at most 15 letters, digits, `_`, `.` and `-`, such as `eth0` or `enp3s0f1`.")
      }
      return .value(text)
    }
  }

  /// A name in the package archive (Debian policy 5.6.1).
  package static var package: Form {
    text("the name of a package", code: .badName, pattern: "^[a-z0-9][a-z0-9+.-]+$") { text in
      guard (2...128).contains(text.utf8.count), isWord(text, first: isLowerAlphanumeric, rest: "+.-"),
        text == text.lowercased()
      else {
        return .wrong(
          "`\(shown(text))` is not the name of a package.",
          help: "Lower-case letters, digits, `+`, `-` and `.`, as apt(8) shows it: `linux-image-amd64`.")
      }
      return .value(text)
    }
  }

  /// A file or folder of an image, by its whole path in it.
  package static var imagePath: Form {
    text("a path in the image", code: .badPath, pattern: "^(/[^/]+)+$") { text in
      guard isWholePath(text), text.utf8.count <= 1024 else {
        return .wrong(
          "`\(shown(text))` is not a path in the image.",
          help: "Write it whole, as programs in the image see it: `/etc/sssd/sssd.conf`.")
      }
      return .value(text)
    }
  }

  /// A service unit of systemd: see systemd.unit(5).
  package static var unit: Form { unit("a service unit", [".service"]) }

  /// A unit that can be enabled by itself.
  package static var enabledUnit: Form {
    unit("a unit that can be enabled", [".service", ".socket", ".timer", ".path", ".mount", ".target"])
  }

  private static func unit(_ noun: String, _ suffixes: [String]) -> Form {
    let ends = suffixes.map { $0.dropFirst() }.joined(separator: "|")
    let pattern = "^[A-Za-z0-9][A-Za-z0-9:_.@-]*\\.\(suffixes.count == 1 ? ends : "(\(ends))")$"
    return text("the name of a unit", code: .badName, pattern: pattern) { text in
      guard text.utf8.count <= 128, let suffix = suffixes.first(where: text.hasSuffix),
        isWord(text, first: isAlphanumeric, rest: ":_.@-"), !text.hasSuffix("@\(suffix)")
      else {
        let bare = text.utf8.count <= 100 && isWord(text, first: isAlphanumeric, rest: "_-")
        return .wrong(
          "`\(shown(text))` is not the name of \(noun).",
          help: "Write it with its suffix, as systemctl(1) shows it: `flexlm.service`.",
          replacement: bare ? "\(text).service" : nil)
      }
      return .value(text)
    }
  }

  /// A program on a machine, by its whole path.
  package static var program: Form {
    text(
      "the path of a program", code: .badPath, pattern: "^(/[A-Za-z0-9_.+-]+)+$",
      examples: ["/usr/local/sbin/check-license"]
    ) { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      guard text.hasPrefix("/"), text.utf8.count <= 256, !parts.isEmpty,
        parts.allSatisfy({ part in
          part != "." && part != ".."
            && isWord(part, first: { isAlphanumeric($0) || $0 == 95 || $0 == 46 }, rest: "_.+-")
        })
      else {
        return .wrong(
          "`\(shown(text))` is not the whole path of a program.",
          help: "Write where it is on the heads, without arguments: `/usr/local/sbin/check-license`.")
      }
      return .value(text)
    }
  }

  /// The account on a machine or a BMC.
  package static func account(longest: Int) -> Form {
    text("a user name", code: .badName, pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,\(longest - 1)}$") { text in
      guard text.utf8.count <= longest, isWord(text, first: { isAlphanumeric($0) && $0 > 57 || $0 == 95 }, rest: "_.-")
      else {
        return .wrong(
          "`\(shown(text))` is not a user name.",
          help: "A letter or `_`, then letters, digits, `_`, `.` and `-`; at most \(longest) in all.")
      }
      return .value(text)
    }
  }

  /// A path below the folder of the spec.
  package static func path(_ noun: String) -> Form {
    text(noun, code: .badPath, pattern: "^(?!/)(?!(.*/)?\\.\\.(/|$)).+$", examples: ["images/compute"]) { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      let help =
        "Write a path below the folder of the spec, such as `images/compute`: what a cluster is made of is kept with its spec."
      if text.hasPrefix("/") { return .wrong("`\(shown(text))` is an absolute path.", help: help) }
      if parts.contains("..") { return .wrong("`\(shown(text))` leaves the folder of the spec.", help: help) }
      return plain(text, parts, help)
    }
  }

  private static func plain(_ text: String, _ parts: [Substring], _ help: String) -> Reading<String> {
    let clean = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0.utf8.count <= 255 && !$0.utf8.contains { $0 < 32 } }
    guard clean, text.utf8.count <= 1024 else {
      return .wrong("`\(shown(text))` is not a plain path.", help: help + " No empty parts, no `.`.")
    }
    return .value(text)
  }

  /// A layout or archive of the OCI, below the folder of the spec or anywhere on this machine: it may be large, and
  /// need not be kept in git.
  package static var layout: Form {
    text(
      "an OCI layout or archive", code: .badPath, pattern: "^(?!oci(-archive)?:)(?!(.*/)?\\.\\.(/|$)).+$",
      examples: ["images/base.oci"]
    ) { text in
      let help =
        "Write its path below the folder of the spec, such as `images/base.oci`, or its whole path, such as "
        + "`/srv/images/base.oci`."
      // `oci-archive:PATH`, as skopeo(1) writes it.
      let transports = ["oci:", "oci-archive:"]
      if let transport = transports.first(where: { text.hasPrefix($0) }) {
        let rest = String(text.dropFirst(transport.count))
        return .wrong(
          "`\(shown(text))` begins with a transport of skopeo(1).", help: help,
          replacement: rest.isEmpty || rest.contains(":") ? nil : rest)
      }
      let parts = (text.hasPrefix("/") ? text.dropFirst() : text[...])
        .split(separator: "/", omittingEmptySubsequences: false)
      if parts.contains("..") { return .wrong("`\(shown(text))` leads upwards.", help: help) }
      return plain(text, parts, help)
    }
  }

  /// An HTTP address, for a mirror or a proxy.
  package static var url: Form {
    text(
      "an HTTP address", code: .badURL, pattern: "^https?://[^\\s/@]+(/\\S*)?$", examples: ["http://10.1.0.254:3142"]
    ) {
      text in
      let scheme = ["http://", "https://"].first { text.hasPrefix($0) }
      let rest = text.dropFirst(scheme?.count ?? 0)
      let host = rest.prefix { $0 != "/" }
      let visible = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 39 && $0 != 92 }
      guard scheme != nil, !host.isEmpty, visible else {
        return .wrong(
          "`\(shown(text))` is not an HTTP address.", help: "Write `http://HOST:PORT` or `https://HOST/PATH`.",
          replacement: scheme == nil && visible && !text.contains("://") && text.contains { ".:".contains($0) }
            ? "http://\(text)" : nil)
      }
      guard !host.contains("@") else {
        return .wrong(
          "An HTTP address must not hold a password.", help: "The file is kept in git. Remove `user:password@`.",
          code: .literalSecret)
      }
      return .value(text)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The types of single values. Each reads its own text, whatever YAML 1.1 would have made of it.
enum ScalarType: Hashable, Sendable {
  case version
  case text
  /// A name in the sense of RFC 1123: letters, digits, hyphens.
  case name
  /// Names joined by dots.
  case domain
  case hostlist
  case address
  /// An address that may end in `+`: it counts up with the names.
  case countingAddress
  case network
  case range
  case mac
  case countingMAC
  case duration
  case integer(ClosedRange<Int>)
  case flag
  case choice([String])
  /// A file or folder beside the spec.
  case path
  case url
  case secret
  case package
  case release
  case timezone
}

extension ScalarType {
  /// What is wrong with a text, or nil when it is of this type.
  func problem(_ text: String) -> (code: Diagnostic.Code, detail: String, help: String)? {
    switch self {
    case .version:
      text == "1" ? nil : (.unsupportedVersion, "Version `\(text)` is not known to this program.", "Write `version: 1`.")
    case .text, .timezone: nil
    case .name: nameProblem(text)
    case .domain: domainProblem(text)
    case .hostlist: hostlistProblem(text)
    case .address:
      IPv4Address(text) != nil
        ? nil : (.badAddress, "`\(text)` is not an IPv4 address.", "Write four numbers from 0 to 255: 10.1.0.1.")
    case .countingAddress:
      IPv4Address(Self.withoutPlus(text)) != nil
        ? nil : (.badAddress, "`\(text)` is not an IPv4 address.", "Write 10.1.1.1, or 10.1.1.1+ to count up with the names.")
    case .network: networkProblem(text)
    case .range:
      Self.range(text) != nil
        ? nil : (.badRange, "`\(text)` is not a range of addresses.", "Write first and last: 10.1.250.1-10.1.250.99.")
    case .mac:
      MACAddress(text) != nil
        ? nil : (.badMAC, "`\(text)` is not a MAC address.", "Write six hexadecimal pairs: 52:54:00:01:00:01.")
    case .countingMAC:
      MACAddress(Self.withoutPlus(text)) != nil
        ? nil
        : (.badMAC, "`\(text)` is not a MAC address.", "Write 52:54:00:11:00:01, or 52:54:00:11:00:01+ to count up with the names.")
    case .duration:
      Self.duration(text) != nil
        ? nil : (.badDuration, "`\(text)` is not a duration.", "Write a number with its unit: 500ms, 3s, 2m, 1h.")
    case .integer(let range): integerProblem(text, range)
    case .flag:
      ["true", "false"].contains(text) ? nil : (.unknownChoice, "`\(text)` is neither true nor false.", "Write true or false.")
    case .choice(let choices): choiceProblem(text, choices)
    case .path: pathProblem(text)
    case .url:
      text.hasPrefix("http://") || text.hasPrefix("https://")
        ? nil : (.badURL, "`\(text)` is not an HTTP address.", "Write it with http:// in front: http://10.1.0.254:3142.")
    case .secret: secretProblem(text)
    case .package: packageProblem(text)
    case .release:
      text == "debian/bookworm"
        ? nil : (.unknownChoice, "The release `\(text)` cannot be built yet.", "Write debian/bookworm.")
    }
  }

  static func withoutPlus(_ text: String) -> Substring { text.hasSuffix("+") ? text.dropLast() : text[...] }

  static func range(_ text: String) -> Network.Range? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = IPv4Address(ends[0]), let last = IPv4Address(ends[1]), first <= last else {
      return nil
    }
    return Network.Range(first: first, last: last)
  }

  static func duration(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 9, let value = Int64(digits) else { return nil }
    return switch text.dropFirst(digits.count) {
    case "ms": .milliseconds(value)
    case "s": .seconds(value)
    case "m": .seconds(value * 60)
    case "h": .seconds(value * 3600)
    default: nil
    }
  }

  private typealias Problem = (code: Diagnostic.Code, detail: String, help: String)

  private func nameProblem(_ text: String) -> Problem? {
    isLabel(text)
      ? nil
      : (.badName, "`\(text)` is not a valid name.", "Use up to 63 letters, digits and hyphens, with a letter or digit at both ends.")
  }

  private func domainProblem(_ text: String) -> Problem? {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 253 && labels.allSatisfy { isLabel(String($0)) }
      ? nil : (.badName, "`\(text)` is not a domain.", "Use names joined by dots: alps.example.org.")
  }

  /// RFC 1123, section 2.1.
  private func isLabel(_ text: String) -> Bool {
    let isAlphanumeric: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber) }
    guard (1...63).contains(text.utf8.count), let first = text.first, let last = text.last else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last) && text.allSatisfy { isAlphanumeric($0) || $0 == "-" }
  }

  private func hostlistProblem(_ text: String) -> Problem? {
    do throws(Hostlist.Problem) {
      let names = try Hostlist.expand(text)
      return names.lazy.compactMap { nameProblem($0) }.first
    } catch {
      switch error {
      case .tooMany:
        return (.tooManyNames, "`\(text)` names more than \(Hostlist.limit) machines.", "Write the range that is meant: node[001-512].")
      case .malformed(let why):
        return (.badHostlist, "`\(text)` is not a hostlist: \(why).", "Write names with ranges: node[001-064,100], rack[1-4]n[01-32].")
      }
    }
  }

  private func networkProblem(_ text: String) -> Problem? {
    if IPv4Network(text) != nil { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]), (0...32).contains(prefix) {
      let mask: UInt32 = prefix == 0 ? 0 : ~0 << UInt32(32 - prefix)
      let first = IPv4Address(bits: address.bits & mask)
      return (.badNetwork, "`\(text)` is an address in a network, not the network.", "Write the network's first address: \(first)/\(prefix).")
    }
    return (.badNetwork, "`\(text)` is not a network in CIDR form.", "Write the first address and the length of the prefix: 10.1.0.0/16.")
  }

  private func integerProblem(_ text: String, _ range: ClosedRange<Int>) -> Problem? {
    guard let value = Int(text), range.contains(value), text.first != "+" else {
      return (.badNumber, "`\(text)` is not a whole number from \(range.lowerBound) to \(range.upperBound).", "Write such a number.")
    }
    return nil
  }

  private func choiceProblem(_ text: String, _ choices: [String]) -> Problem? {
    if choices.contains(text) { return nil }
    let near = Suggestion.nearest(text, in: choices)
    let help = near.map { "Did you mean `\($0)`?" } ?? "Write one of: \(choices.joined(separator: ", "))."
    return (.unknownChoice, "`\(text)` is not one of \(choices.joined(separator: ", ")).", help)
  }

  private func pathProblem(_ text: String) -> Problem? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if text.isEmpty || text.hasPrefix("/") || parts.contains("..") || text.hasPrefix("~") {
      return (.badPath, "`\(text)` leads out of the folder that holds the spec.", "Put the files beside the spec, and write the path from there: images/compute.")
    }
    return nil
  }

  private func secretProblem(_ text: String) -> Problem? {
    let help = "Put it into a file below the secrets folder, readable by its owner only, and write secret: and the file's name: secret:bmc/head1."
    guard text.hasPrefix("secret:") else { return (.literalSecret, "A secret is written in the file, where everybody can read it.", help) }
    let name = text.dropFirst(7)
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isSafe =
      !name.isEmpty
      && parts.allSatisfy { part in
        !part.isEmpty && part != "." && part != ".."
          && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
      }
    return isSafe
      ? nil
      : (
        .badPath, "`\(text)` does not name a secret.",
        "Write secret: and a file's name below the secrets folder: secret:bmc/head1."
      )
  }

  /// Debian Policy, section 5.6.1.
  private func packageProblem(_ text: String) -> Problem? {
    let isValid = text.utf8.count >= 2 && text.first.map { $0.isASCII && ($0.isLowercase || $0.isNumber) } == true
      && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "+-.".contains($0)) }
    return isValid ? nil : (.badName, "`\(text)` is not a package's name.", "Package names are lower case letters, digits, plus, minus and dots: numactl.")
  }
}

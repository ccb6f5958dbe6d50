// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Glibc
import Simulator

/// Something that must never happen, and did.
package struct Violation: Error, Hashable, Sendable {
  /// The rules, as the documentation names them.
  package enum Rule: String, Hashable, CaseIterable, Sendable {
    case converges, replanIsEmpty = "replan-is-empty", sameEnd = "same-end"
    case oneAddressHolder = "one-address-holder", nodesAway = "nodes-away", headsStayUp = "heads-stay-up"
    case dependencies, journaledFirst = "journaled-first", oneExecutor = "one-executor"
    case foreignUntouched = "foreign-untouched", recordMatches = "record-matches"
    case agreedTo = "agreed-to"
    case dryRunChangesNothing = "dry-run-changes-nothing", secretsStaySecret = "secrets-stay-secret"
    case imagesStay = "images-stay"
    case ends
  }

  package var rule: Rule
  package var words: String
}

extension Violation: CustomStringConvertible {
  package var description: String { "\(rule.rawValue): \(words)" }
}

/// Looks for the bytes of secrets in what a run says and keeps: as they are, and as text formats write bytes.
///
/// All secrets of a simulated site begin alike (`FakeWorld.password`), so one look finds any of them.
enum SecretLeak {
  private static let forms: [(name: String, bytes: [UInt8])] = {
    let whole = FakeWorld.password(SecretRef(""))
    // Twelve bytes are sixteen signs of base64, whatever follows.
    let start = Array(whole.prefix(12))
    return [
      ("as it is", whole), ("in base64", Array(Data(start).base64EncodedString().utf8)),
      ("in hexadecimal", Array(start.map(\.hexadecimal).joined().utf8)),
      ("as numbers", Array(start.map(String.init).joined(separator: ",").utf8)),
    ]
  }()

  /// In which form a secret is in the text. Nil: in none.
  static func find(in text: [UInt8]) -> String? {
    text.withUnsafeBytes { text in forms.first { isThere($0.bytes, in: text) }?.name }
  }

  private static func isThere(_ form: [UInt8], in text: UnsafeRawBufferPointer) -> Bool {
    guard let base = text.baseAddress else { return false }
    var place = 0
    while place + form.count <= text.count,
      let first = memchr(base + place, Int32(form[0]), text.count - form.count - place + 1)
    {
      if memcmp(first, form, form.count) == 0 { return true }
      place = base.distance(to: first) + 1
    }
    return false
  }
}

/// Something on a machine, or in the cluster, that an administrator put there and no description names.
package enum ForeignThing: Hashable, Sendable {
  case file(HostID, String)
  case package(HostID, String)
  case unit(HostID, String)
  /// On a link of ours, beside our address.
  case address(HostID, link: String, String)
  case cibElement(String)

  /// The machine that it is on. Nil: it is the cluster's.
  var host: HostID? {
    switch self {
    case .file(let host, _), .package(let host, _), .unit(let host, _), .address(let host, _, _): host
    case .cibElement: nil
    }
  }

  /// The difference; nil when it is the same before and after.
  func difference(_ before: FakeWorld, _ after: FakeWorld) -> String? {
    let isSame: Bool =
      switch self {
      case .file(let host, let path): before.machines[host]?.files[path] == after.machines[host]?.files[path]
      case .package(let host, let name):
        before.machines[host]?.installed[name] == after.machines[host]?.installed[name]
      case .unit(let host, let name): before.machines[host]?.units[name] == after.machines[host]?.units[name]
      case .address(let host, let link, let address):
        before.machines[host]?.link(link, has: address) == after.machines[host]?.link(link, has: address)
      case .cibElement(let id): before.cib?.element(id) == after.cib?.element(id) || after.cib == nil
      }
    return isSame ? nil : "changed \(self)"
  }
}

extension ForeignThing: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let host, let path): "the file \(path) on \(host)"
    case .package(let host, let name): "the package \(name) on \(host)"
    case .unit(let host, let name): "the unit \(name) on \(host)"
    case .address(let host, let link, let address): "the address \(address) on \(link) of \(host)"
    case .cibElement(let id): "the CIB element \(id)"
    }
  }
}

extension FakeMachine {
  fileprivate func link(_ name: String, has address: String) -> Bool {
    links.contains { $0.name == name && $0.addresses.contains(address) }
  }
}

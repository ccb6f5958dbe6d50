// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// A Redfish service, asked with curl(1). All that curl is told comes on standard input: an account in its arguments
/// would be seen in the list of processes.
struct RedfishService: Sendable {
  private let bmc: BMC
  private let password: String

  init(_ bmc: BMC, password: String) {
    self.bmc = bmc
    self.password = password
  }

  func get<Answer: Decodable>(_ path: String) async throws(AgentError) -> Answer {
    let body = try await request("GET", path, [])
    do { return try JSONDecoder().decode(Answer.self, from: Data(body.utf8)) } catch {
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) answers \(path) with something else than Redfish",
        cause: shownBriefly(body), next: "Check that the address is that of a BMC, and update its firmware.")
    }
  }

  /// - Parameter tag: the resource's `@odata.etag`, which some services want to see again.
  func send(_ method: String, to path: String, _ order: some Encodable, tag: String? = nil) async throws(AgentError) {
    let body: String
    do { body = String(decoding: try JSONEncoder().encode(order), as: UTF8.self) } catch {
      throw AgentError(.invalid, "An order to the BMC could not be written", cause: "\(error)", next: "Report this.")
    }
    // The tag is the BMC's word, and becomes a header.
    let match = tag.flatMap { $0.utf8.allSatisfy { (33...126).contains($0) } ? ["If-Match: \($0)"] : nil } ?? []
    try await request(method, path, [("data", body)], headers: ["Content-Type: application/json"] + match)
  }

  @discardableResult
  private func request(
    _ method: String, _ path: String, _ more: [(String, String)], headers: [String] = []
  ) async throws(AgentError) -> String {
    // What a BMC tells as the place of something must be one of its own.
    guard path.hasPrefix("/redfish/v1/"), path.utf8.count <= 512, path.utf8.allSatisfy(Self.isOfPath) else {
      throw AgentError(
        .bmcLies, "The BMC at \(bmc.address) refers to \(shownBriefly(path))", next: "Update its firmware.")
    }
    let url = "https://\(bmc.address):\(bmc.port ?? Redfish.port)\(path)"
    let settings =
      [("url", url), ("request", method), ("user", "\(bmc.user):\(password)"), ("noproxy", "*"), ("proto", "=https")]
      + headers.map { ("header", $0) } + [("header", "Accept: application/json")] + more
      + [("max-time", "20"), ("max-filesize", "\(Self.limit)"), ("write-out", "\\n%{http_code}")]
    let lines = settings.map { "\($0) = \(Self.quoted($1))\n" }.joined() + "insecure\nsilent\nshow-error\ngloboff\n"
    let result = try await Command.run(
      "curl", ["--disable", "--config", "-"], input: Array(lines.utf8), deadline: .seconds(30), keeping: Self.limit)
    guard result.succeeded else { throw unreachable(result.lastLines) }
    let (body, code) = Self.parts(result.text)
    switch code {
    case 200...299: return body
    case 401: throw wrongCredentials
    case 403: throw unprivileged("it answers 403 to \(method) \(path)")
    case 404: throw missing(path)
    default:
      throw AgentError(
        .commandFailed, "The BMC at \(bmc.address) refused \(method) \(path)",
        cause: "status \(code): \(shownBriefly(RedfishFault.message(body) ?? body))",
        next: "Look at the BMC's own log. It may need a moment after its last restart.")
    }
  }

  private static let limit = 1 << 20

  private static func isOfPath(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 35, 45, 46, 47, 95, 126, 36, 58, 64, 40, 41, 39, 37: true
    default: false
    }
  }

  /// A value in the file of curl(1)'s option `--config`.
  static func quoted(_ value: String) -> String {
    let escaped = value.map { character -> String in
      switch character {
      case "\\", "\"": "\\\(character)"
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      default: String(character)
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// The body, and the status that curl adds in a line of its own.
  private static func parts(_ text: String) -> (body: String, code: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.dropLast().joined(separator: "\n"), lines.last.flatMap { Int($0) } ?? 0)
  }

  private func unreachable(_ cause: String) -> AgentError {
    AgentError(
      .bmcUnreachable, "The BMC at \(bmc.address) does not answer by HTTPS", cause: cause,
      next: "Check the BMC's cable, address and port, that Redfish is on, and the route from this head to its network.")
  }

  private var wrongCredentials: AgentError {
    AgentError(
      .bmcAuthentication, "The BMC at \(bmc.address) does not accept user \(bmc.user) with \(bmc.password)",
      next: "Correct the secret \(bmc.password), or the user in the spec.")
  }

  func unprivileged(_ cause: String) -> AgentError {
    AgentError(
      .bmcPrivilege, "The BMC at \(bmc.address) does not let user \(bmc.user) switch its machine", cause: cause,
      next: "Give the account the role Operator or Administrator on the BMC, or name another one in the spec.")
  }

  private func missing(_ path: String) -> AgentError {
    AgentError(
      .notFound, "The BMC at \(bmc.address) has no \(path)",
      next: bmc.system.map { "Check `system: \($0)` below `bmc:`: the BMC lists its systems in /redfish/v1/Systems." }
        ?? "Check that it speaks Redfish, and update its firmware.")
  }
}

/// The members of a collection.
struct RedfishList: Decodable, Sendable {
  private struct Member: Decodable {
    var path: String
    enum CodingKeys: String, CodingKey { case path = "@odata.id" }
  }
  let paths: [String]

  enum CodingKeys: String, CodingKey { case members = "Members" }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    paths = try values.decode([Member].self, forKey: .members).map(\.path)
  }
}

/// An error as services tell it: DSP0266, 8.6.
private struct RedfishFault: Decodable {
  struct Fault: Decodable {
    struct Info: Decodable { var Message: String? }
    var message: String?
    var info: [Info]?
    enum CodingKeys: String, CodingKey {
      case message
      case info = "@Message.ExtendedInfo"
    }
  }
  var error: Fault

  static func message(_ body: String) -> String? {
    guard let fault = try? JSONDecoder().decode(RedfishFault.self, from: Data(body.utf8)).error else { return nil }
    return fault.info?.compactMap(\.Message).first ?? fault.message
  }
}

/// Words of a BMC in a message: printable, and no more than a line.
func shownBriefly(_ text: String) -> String {
  let printable = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) }
  return String(printable.prefix(160))
}

// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// `ocf:cluster:address`: a service address. It comes and goes by `ocf:heartbeat:IPaddr2`, which knows how to tell the
/// neighbours; that it is still there is looked up here, every few seconds, without a shell.
struct AddressAgent: ResourceAgent {
  private static let master = "/usr/lib/ocf/resource.d/heartbeat/IPaddr2"

  private let call: OCFCall
  private let address: String

  init(_ call: OCFCall) {
    self.call = call
    address = call["ip"] ?? ""
  }

  let required = ["ip"]
  var metadata: String { OCFMetadata.address }

  func start() -> OCFResult { forward("start") }
  func stop() -> OCFResult { forward("stop") }

  func look() -> OCFResult {
    let held = IPv6Address(address).map(Self.held)
    guard let interfaces = held.map({ $0?.map(\.interface) }) ?? Self.interfaces(with: address) else {
      return ResourceAgents.refuse("The addresses of this head cannot be listed", .failed)
    }
    guard let first = interfaces.first else { return .notRunning }
    if held??.contains(where: \.isDuplicate) == true {
      return ResourceAgents.refuse("Another machine on the network of \(first) has \(address)", .failed)
    }
    // Where it is on another card, its neighbours are not those that it is for.
    if let wanted = call["nic"], !interfaces.contains(wanted) {
      return ResourceAgents.refuse("\(address) is on \(first), not on \(wanted)", .failed)
    }
    return .success
  }

  func watch() -> OCFResult {
    let end = call.begun + call.stay
    while true {
      let result = look()
      if result != .success || end.left == 0 { return result }
      Pause.milliseconds(min(1000, end.left))
    }
  }

  /// Becomes the other agent. It leaves a program behind that goes on telling the neighbours for a second, and whoever
  /// reads what it prints would wait for that one too.
  private func forward(_ action: String) -> OCFResult {
    var words = [strdup(Self.master), strdup(action), nil]
    execv(Self.master, &words)
    return ResourceAgents.refuse(
      "\(Self.master) cannot be run: \(String(cString: strerror(errno)))", .installed)
  }

  /// Interfaces that have an IPv4 address: getifaddrs(3). Nil: they cannot be told.
  private static func interfaces(with address: String) -> [String]? {
    var wanted = in_addr()
    guard inet_pton(AF_INET, address, &wanted) == 1 else { return nil }
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return nil }
    defer { freeifaddrs(list) }
    var found: [String] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ifa_next
      guard let held = entry.ifa_addr, held.pointee.sa_family == sa_family_t(AF_INET) else { continue }
      let bytes = UnsafeRawPointer(held).loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
      if bytes == wanted.s_addr { found.append(deviceName(entry.ifa_name)) }
    }
    return found
  }

  /// An IPv6 address on all interfaces that have it, whatever its form is in the CIB. Nil: they cannot be told.
  private static func held(_ address: IPv6Address) -> [KernelIPv6.Address]? {
    (try? KernelIPv6.text("if_inet6")).map { KernelIPv6.addresses($0).filter { $0.address == address } }
  }

  /// A label (`eth0:1`) names an address; the device is what stands before the colon.
  private static func deviceName(_ name: UnsafeMutablePointer<CChar>) -> String {
    String(String(cString: name).prefix { $0 != ":" })
  }
}

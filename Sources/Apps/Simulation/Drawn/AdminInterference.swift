// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Simulator
import Wings

/// An action of an administrator on a machine, or on the cluster, without telling anybody.
package enum AdminInterference: Hashable, Sendable, CaseIterable {
  // To what is ours: the next run puts it right.
  case editFile, removeFile, stopUnit, disableUnit, removePackage, dropAddress, editCIB, removeFromCIB
  // Beside what is ours: it has to stay.
  case addFile, addPackage, addUnit, addAddress, addToCIB

  /// Does it, on the site as it is by now. Nil: there is nothing to do it to.
  func act(on host: HostID, of site: VirtualSite, _ random: inout SplitMix) {
    let world = site.world
    guard world.isUp(host), let machine = world.machines[host] else { return }
    switch self {
    case .editFile, .removeFile, .stopUnit, .disableUnit, .removePackage, .dropAddress:
      disturb(machine, host, site, &random)
    case .editCIB, .removeFromCIB: disturbCIB(world, site, &random)
    case .addFile, .addPackage, .addUnit, .addAddress, .addToCIB: add(host, site, &random)
    }
  }

  private func disturb(_ machine: FakeMachine, _ host: HostID, _ site: VirtualSite, _ random: inout SplitMix) {
    switch self {
    case .editFile:
      guard let path = random.among(machine.managed.keys.filter { machine.files[$0] != nil }.sorted()) else { return }
      site.change("somebody edits \(path) on \(host)") { world in
        world.machines[host]?.files[path]?.bytes.append(UInt8(ascii: "#"))
        world.machines[host]?.touch(path)
      }
    case .removeFile:
      guard let path = random.among(machine.managed.keys.filter { machine.files[$0] != nil }.sorted()) else { return }
      site.change("somebody removes \(path) on \(host)") { $0.machines[host]?.files[path] = nil }
    case .stopUnit:
      guard let name = random.among(Self.units.filter { machine.units[$0]?.active == "active" }) else { return }
      site.change("somebody stops \(name) on \(host)") {
        $0.machines[host]?.units[name]?.active = "inactive"
        $0.settle()
      }
    case .disableUnit:
      guard let name = random.among(Self.units.filter { machine.units[$0]?.enabled == true }) else { return }
      site.change("somebody disables \(name) on \(host)") { $0.machines[host]?.units[name]?.enabled = false }
    case .removePackage:
      guard let name = random.among(["curl", "ipmitool", "iputils-ping"].filter(machine.ours.contains)) else { return }
      site.change("somebody removes the package \(name) on \(host)") { $0.machines[host]?.installed[name] = nil }
    default:
      let links = machine.links.indices.filter {
        machine.links[$0].name != "eth1" && !machine.links[$0].addresses.isEmpty
      }
      guard let index = random.among(links) else { return }
      site.change("somebody removes the addresses of \(machine.links[index].name) on \(host)") {
        $0.machines[host]?.links[index].addresses = []
        $0.machines[host]?.links[index].ipv6 = nil
        $0.settle()
      }
    }
  }

  private static let units = [
    "systemd-networkd.service", "dnsmasq.service", "nginx.service", "corosync.service", "pacemaker.service",
    Firewall.unit,
  ]

  private func disturbCIB(_ world: FakeWorld, _ site: VirtualSite, _ random: inout SplitMix) {
    guard let cib = world.cib else { return }
    let fencing = CIBElement(
      section: .options, id: "cib-bootstrap-options-stonith-enabled",
      xml: "<nvpair id=\"cib-bootstrap-options-stonith-enabled\" name=\"stonith-enabled\" value=\"false\"/>")
    let gone = random.among(cib.managed.sorted()).map { [$0] } ?? []
    let goal = CIBGoal(
      elements: self == .editCIB ? [fencing] : [], removed: self == .editCIB ? [] : gone, members: [])
    site.change(self == .editCIB ? "somebody turns fencing off" : "somebody removes \(gone) from the CIB") { world in
      guard let changed = try? cib.applying(goal) else { return }
      let orphans = CIBGoal(elements: [], removed: changed.orphanedConstraints, members: [])
      world.cib = (try? changed.applying(orphans)) ?? changed
      world.settle()
    }
  }

  private func add(_ host: HostID, _ site: VirtualSite, _ random: inout SplitMix) {
    let number = random.below(1000)
    switch self {
    case .addFile:
      let folder = random.among(Self.folders) ?? "/root"
      let path = "\(folder)/by-hand-\(number).conf"
      site.change("somebody writes \(path) on \(host)") { world in
        world.machines[host]?.files[path] = .init(bytes: Array("by hand\n".utf8))
        world.machines[host]?.touch(path)
      }
      site.watch { $0.foreign.append(.file(host, path)) }
    case .addPackage:
      let name = "by-hand-\(number)"
      site.change("somebody installs \(name) on \(host)") { $0.machines[host]?.installed[name] = "1.0-1" }
      site.watch { $0.foreign.append(.package(host, name)) }
    case .addUnit:
      let name = "by-hand-\(number).service"
      site.change("somebody starts \(name) on \(host)") {
        $0.machines[host]?.units[name] = .init(enabled: true, active: "active")
      }
      site.watch { $0.foreign.append(.unit(host, name)) }
    case .addAddress:
      let address = "10.1.0.\(100 + number % 100)/16"
      site.change("somebody adds \(address) to eth0 on \(host)") { world in
        guard let index = world.machines[host]?.links.firstIndex(where: { $0.name == "eth0" }) else { return }
        world.machines[host]?.links[index].addresses.append(address)
      }
      site.watch { $0.foreign.append(.address(host, link: "eth0", address)) }
    default:
      let id = "by-hand-\(number)"
      let element = CIBElement(
        section: .resources, id: id,
        xml: "<primitive class=\"ocf\" id=\"\(id)\" provider=\"pacemaker\" type=\"Dummy\"/>")
      guard let changed = try? site.world.cib?.applying(CIBGoal(elements: [element], removed: [], members: [])) else {
        return
      }
      site.change("somebody adds \(id) to the CIB") { $0.cib = changed }
      site.watch { $0.foreign.append(.cibElement(id)) }
    }
  }

  /// Beside files and folders of ours, where a careless removal would take them along.
  private static let folders = [
    "/root", "/etc/cluster", "/etc/systemd/network", "/etc/systemd/system", "/srv/cluster", "/etc/apt/apt.conf.d",
  ]
}

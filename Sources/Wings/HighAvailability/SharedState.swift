// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The folder of `ha: state:` on the heads: mounted by a unit of ours where the description says from where, and
/// marked, so that no service takes an empty folder for its state.
struct SharedState {
  let cluster: Cluster
  let policy: HighAvailabilityPolicy
  let state: HighAvailabilityPolicy.State
  let primary: HostID

  private static let because = "services that move keep their state there"

  var resources: [Resource] {
    cluster.heads.flatMap { head in
      mount(on: head.name)
        + [
          Resource(
            StateFolderKind.id(on: head.name, state.path), StateFolderKind.Desired(goal, primary: primary),
            because: Self.because, source: state.source,
            after: [WellKnown.unit(unit, on: head.name)]
              + (head.name == primary ? [] : [StateFolderKind.id(on: primary, state.path)]))
        ]
    }
  }

  private var goal: StateFolderGoal { StateFolderGoal(state, of: cluster) }

  private func mount(on head: HostID) -> [Resource] {
    guard let mount = state.mount else { return [] }
    let package = PackagesKind.id(on: head, "state")
    let file = "/etc/systemd/system/\(unit)"
    return [
      .packages(
        on: head, "state", [Self.package(of: mount.type)], because: Self.because, source: state.source,
        after: WellKnown.repositories(on: head) + [WellKnown.basePackages(on: head)]),
      .file(on: head, file, text(mount), because: Self.because, source: state.source, after: [package]),
      .unit(
        on: head,
        .init(
          UnitGoal(name: unit, enabled: true, active: true, configuration: [file]),
          watches: [FileKind.id(on: head, file)]), because: Self.because, source: state.source, after: [package]),
    ]
  }

  private var unit: String { Self.mountUnit(of: state.path) }

  /// See systemd.mount(5). Pacemaker stops the services first, at a shutdown too.
  private func text(_ mount: HighAvailabilityPolicy.State.Mount) -> String {
    """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=State of the services that move between the heads
    Before=remote-fs.target pacemaker.service

    [Mount]
    What=\(mount.what)
    Where=\(state.path)
    Type=\(mount.type)
    \(mount.options.map { "Options=\($0)\n" } ?? "")
    [Install]
    WantedBy=remote-fs.target

    """
  }

  private static func package(of type: String) -> String {
    switch type {
    case "glusterfs": "glusterfs-client"
    case "ceph": "ceph-common"
    default: "nfs-common"
    }
  }

  /// The name that the unit of a mount has to have: systemd-escape(1) `--path`.
  static func mountUnit(of path: String) -> String {
    var name = ""
    for byte in path.utf8.drop(while: { $0 == UInt8(ascii: "/") }) {
      switch byte {
      case UInt8(ascii: "/"): name += "-"
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
        name.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: ".") where !name.isEmpty: name += "."
      default: name += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return name + ".mount"
  }
}

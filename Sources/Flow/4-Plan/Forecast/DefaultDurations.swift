// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What is expected where no past run says better. Seconds; each with where it comes from.
///
/// "Measured" means on virtual machines with two cores; real machines start slower (firmware) and compute faster.
enum DefaultDurations {
  /// How long a step takes.
  static func seconds(_ operation: Operation) -> Double {
    switch operation {
    // Measured: one exchange over a warm SSH connection and a synced write, below 50 ms; a slow disk takes longer.
    case .ensureFile, .ensureSecretFile, .ensureSymbolicLink, .ensureFileAbsent, .ensureHostname, .ensureAddress: 0.1
    // Measured: some hundred small files, each written and synced.
    case .ensureTree, .ensureTreeAbsent: 0.5
    // networkctl(1) reload and the wait for the addresses.
    case .ensureLink: 2
    case .ensureUnit(let goal): unit(goal.name)
    // Measured through a caching proxy: 2 s for one package, plus the index; a set of ten is half a minute.
    case .ensurePackages(let names): 10 + 2 * Double(names.count)
    case .ensurePackagesAbsent(let names): 5 + Double(names.count)
    // Measured: mmdebstrap(1) of a small node 99 s, squashfs and the initramfs 60 s.
    case .ensureImage: 180
    // 100-200 MB over a gigabit network, and the digest of it.
    case .ensureImageFetched: 10
    case .ensureImageAbsent, .ensureCloneAbsent: 1
    // Measured: the compressed root of a head, 1.5 GB.
    case .ensureCapture: 60
    // Measured: installing 33 s and the restart 50 s on a virtual machine; firmware of a real server adds minutes.
    case .ensureClone: 300
    // Measured: ipmitool(1) `power on` 2.3 s, `power off` 3.7 s.
    case .ensurePower: 4
    // Measured: 24 s from power-on to ready on a virtual machine; firmware of a real server adds one to two minutes.
    case .ensureNode: 120
    // The change itself is at once; what it asks for is waited for.
    case .ensureCIB: 10
    // Measured: ipmitool(1) `status` 0.3 s; a slow BMC needs seconds.
    case .ensureFencingProven: 3
    }
  }

  /// Measured: Pacemaker waits for an election, which takes up to 20 s when its peer is away; daemons start at once.
  private static func unit(_ name: String) -> Double { name == "pacemaker.service" ? 20 : 1 }

  /// How long a service is away when its unit is restarted. Measured: dnsmasq 0.3 s, nginx 0.1 s; rounded up.
  static let restart = 1.0
  /// Pacemaker stops a service, and starts it with all that depends on it. Measured: 0.8-3.1 s.
  static let managedRestart = 3.0
  /// A wanted move of addresses and services to the other head. Measured: addresses 0.5 s, services 0.9 s; rounded up.
  static let failover = 2.0
  /// systemd-networkd reads its files again and keeps the addresses (`KeepConfiguration=yes`).
  static let reload = 0.0
}

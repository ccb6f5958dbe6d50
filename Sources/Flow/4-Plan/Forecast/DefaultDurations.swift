// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What is expected where no past run says better. Seconds; each with where it comes from.
///
/// "Measured" means on virtual machines with two cores; real machines start slower (firmware) and compute faster.
enum DefaultDurations {
  /// How long a service is away when its unit is restarted. Measured: dnsmasq 0.3 s, nginx 0.1 s; rounded up.
  static let restart = 1.0
  /// Pacemaker stops a service, and starts it with all that depends on it. Measured: 0.8-3.1 s.
  static let managedRestart = 3.0
  /// A wanted move of addresses and services to the other head. Measured: addresses 0.5 s, services 0.9 s; rounded up.
  static let failover = 2.0
  /// systemd-networkd reads its files again and keeps the addresses (`KeepConfiguration=yes`).
  static let reload = 0.0
}

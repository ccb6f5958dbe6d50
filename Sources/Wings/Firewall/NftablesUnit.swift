// SPDX-License-Identifier: Apache-2.0

/// Units of systemd that load a table of ours into the kernel: nft(8).
enum NftablesUnit {
  /// A unit that loads a file of rules, before the first link at boot, and does something else after it.
  ///
  /// - Parameter more: lines of its `[Service]`.
  static func text(_ description: String, file: String, table: String, after then: String, more: String = "") -> String
  {
    """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=\(description)
    DefaultDependencies=no
    Wants=network-pre.target
    After=nftables.service
    Before=network-pre.target

    [Service]
    Type=oneshot
    RemainAfterExit=yes
    \(more)ExecStart=/usr/sbin/nft --file \(file)
    ExecStart=\(then)
    ExecReload=/usr/sbin/nft --file \(file)
    ExecReload=\(then)
    ExecStop=-/usr/sbin/nft delete table \(table)

    [Install]
    WantedBy=sysinit.target

    """
  }

  /// A drop-in for Debian's nftables.service, which flushes all rules whenever it is started, reloaded or stopped,
  /// those of others too.
  static func others(file: String) -> String {
    """
    # Written by cluster; changes made here are undone.
    [Service]
    ExecStartPost=-/usr/sbin/nft --file \(file)
    ExecReload=-/usr/sbin/nft --file \(file)
    ExecStopPost=-/usr/sbin/nft --file \(file)

    """
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What a node that computes has no use for. It halves the image, and so the time that every boot takes to fetch it.
enum SlimImage {
  /// Patterns below the root, for `mksquashfs -wildcards -ef`. `usr/lib`, because `lib` is a link to it.
  static let excluded =
    ["boot", "dev", "proc", "sys", "run", "tmp"].map { "\($0)/*" } + ["vmlinuz*", "initrd*"]
    + ["doc", "man", "info", "locale", "i18n", "lintian"].map { "usr/share/\($0)/*" }
    + ["var/cache/apt/*", "var/lib/apt/lists/*"]
    + [
      "sound", "drivers/gpu", "drivers/media", "drivers/staging", "drivers/net/wireless", "drivers/iio",
      "drivers/bluetooth", "drivers/isdn", "drivers/comedi", "drivers/usb/gadget", "drivers/input/joystick",
      "drivers/input/touchscreen", "net/bluetooth", "net/wireless", "net/mac80211",
    ].map { "usr/lib/modules/*/kernel/\($0)" }

  /// Patterns for dpkg's `path-exclude`: what is not unpacked need not be packed.
  static let unpacked = ["doc", "man", "info", "locale", "lintian"].map { "/usr/share/\($0)/*" }
}

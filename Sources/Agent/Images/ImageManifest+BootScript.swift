// SPDX-License-Identifier: Apache-2.0

extension ImageManifest {
  /// The second half of a node's boot, the same for every node of this image.
  ///
  /// The node's own script comes first and sets `head`, the address that serves, and `nodeargs`, what only this
  /// node's kernel is told.
  var bootScript: String {
    """
    #!ipxe
    # \(name)/\(digest), \(bytes >> 20) MiB
    set base http://${head}/images/\(name)/\(digest)
    kernel ${base}/vmlinuz initrd=initrd boot=cluster cluster.image=${base}/root.squashfs cluster.sha256=\(squashfs) \
    image=\(name)/\(digest) console=tty0 console=ttyS0,115200n8 ${nodeargs}
    initrd --name initrd ${base}/initrd
    boot

    """
  }
}

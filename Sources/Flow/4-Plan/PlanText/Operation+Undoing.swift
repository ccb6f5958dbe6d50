// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Step {
  /// What it means to take it back.
  var undoing: String {
    if destructive { return "what it takes away does not come back." }
    switch operation {
    case .ensureFile, .ensureSymbolicLink:
      return "a file that was not ours is kept below /var/lib/cluster/backups; else an older spec writes it back."
    case .ensureSecretFile: return "the old value is not kept; put it into the secret store and apply again."
    case .ensureFileAbsent, .ensureTreeAbsent: return "an older spec, in which it is asked for, writes it again."
    case .ensureTree: return "an older spec writes the folder as it was asked for then; files of others in it are gone."
    case .ensurePackages: return "an older spec removes the packages that this installs, and no others."
    case .ensurePackagesAbsent: return "an older spec installs them again, in the version that the mirror has then."
    case .ensureUnit, .ensureHostname, .ensureLink, .ensureAddress, .ensureCIB:
      return "an older spec puts the old setting back, with the same interruption again."
    case .ensureImage, .ensureImageFetched: return "it only adds an image; nodes take it up by steps of their own."
    case .ensureImageAbsent: return "an older spec builds the image again."
    case .ensureCapture, .ensureFencingProven: return "it changes nothing that would have to be undone."
    case .ensureClone: return "the disk that is written over does not come back."
    case .ensureCloneAbsent: return "describe the head again: one that answers is taken over, another is installed."
    case .ensurePower: return "switch the machine with its BMC."
    case .ensureNode: return "an older spec boots the node into the old image, which takes as long again."
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A part of the distribution that images do without unless `keep:` names it.
package enum ImagePart: String, Hashable, Codable, CaseIterable, Sendable {
  case docs, man, info, locales
  case sound, gpu, media, staging, wireless, bluetooth, input, sensors, isdn, acquisition, gadgets
}

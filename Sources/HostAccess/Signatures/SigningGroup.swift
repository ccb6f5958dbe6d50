// SPDX-License-Identifier: Apache-2.0

/// The group in which all sites' signing keys are: DSA with 2048 and 256 bits (FIPS 186-4).
///
/// Nobody has chosen these numbers. They follow from a seed, the SHA-256 of `cluster boot signatures 87`, by FIPS
/// 186-4, A.1.1.2 and A.2.3 with index 1; of the texts with 1, 2 and so on it is the first whose digest makes a prime.
/// A test has openssl(1) make them again.
package enum SigningGroup {
  package static let seed = "cluster boot signatures 87"
  package static let p = number(
    "d347e152b50dcbb7209f91078aaea854030f1f8e5573f9089dfd7a7d4453dde790de8d10ca83275a1c49fdcc31e842cf"
      + "d4c07aa5b42a8ecb04a018a3c966a7a2e08d1a2d0937ead79fe679a1d661e658ac5baa55011dd77e377d0e3791f78a2d"
      + "86a0f67bd90ea73224614703a5aea76bb19cf07e7637f334f43739dd2d39468556334ee4ff83d584acfb290730de9e22"
      + "ed7cad6406369c5dc78de0910c25f01ca675a48735632d07d8cfdeba7fd1a4d1c6b1ab07c8322c2be38390d0efe3a363"
      + "08f3fd473def6b6fbc8b451c5e737211ec83ca4fc1743ea79a052d923b6cead701967d33791728f78ae5744bbce00a26"
      + "79b082fe26dd93a0d2e2a288863f6b0d")
  package static let q = number("c45ed897f71e6e07e3387256d8d01394f4800773e628b3ba7b8590d59e63f6e7")
  package static let g = number(
    "b9825b8cb1fdee34ca6deea9ec6ccd5db247e55874a6091ec79a7478bdd48ba17acc9fc016aeae2b965560646490ccff"
      + "936041e403ffd3513c87800791f0d7bd94ff067f823ef00b79431ae15972c07d5787adc7ada995a9324d63b8139db5f0"
      + "5b404eaf33a34a35a8770425b35283b5c802a553453ffce3c00cd3fa45066af90943601f000c3031c95c11e953c74a95"
      + "051d456f6183ccb8b2fba35d56e5b02110bf12f3bfc0b42132c8d90fc6c7093dac1ff3200f204ba75e093d3d11b3b063"
      + "4a6a65c0a554cde1c1b8c691575ea6b054d2c8edf20b6072a8b9f2cd58892cba8d7f545a8e582f9d3c365f702513fbbf"
      + "4fcd141972db88506bf63c92c2358335")

  private static func number(_ digits: String) -> [UInt8] {
    let values = digits.utf8.map { $0 < 0x3a ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }
}

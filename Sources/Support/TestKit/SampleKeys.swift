// SPDX-License-Identifier: Apache-2.0

/// Public keys of nobody, made with gpg(1) for these tests; their secret halves are gone.
package enum SampleKeys {
  /// Ed25519, as `gpg --export --armor` writes it.
  package static let vendor = """
    -----BEGIN PGP PUBLIC KEY BLOCK-----

    mDMEaw08pRYJKwYBBAHaRw8BAQdAdNWUi+5HYB/hJ3Ai1w8/KQwLlfzZ+OcIbjN3
    9NSxC+60G1ZlbmRvciA8dmVuZG9yQGV4YW1wbGUub3JnPoiQBBMWCAA4FiEEHO68
    aaarSWyfyQstfZAeFeu/hRgFAmsNPKUCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgEC
    F4AACgkQfZAeFeu/hRjm+gEA6ECNHisS+N21zn1JfRnPKUss/qEq0uE40EEKb3s2
    kmUBAPw5xdkILhTL6u9FDW9TM1ZKGzuvSaSVlvNj3KTeIHcO
    =wTsF
    -----END PGP PUBLIC KEY BLOCK-----

    """
  package static let vendorFingerprint = "1CEEBC69A6AB496C9FC90B2D7D901E15EBBF8518"

  /// RSA, with a subkey.
  package static let other = """
    -----BEGIN PGP PUBLIC KEY BLOCK-----

    mQENBGsNP/EBCAD6Vt20PZ/na9nv/0FXjD/Y4tnCis1G9SBpURC3bmxwYdCkgElp
    KMJN9lbObP2O7eNzM740iBYcsgEXy6iA7KlRajANeaWBidQ5dzzEX6ZhlKBRKFHB
    mG7ect35Tvh37q5s9ykOF+/kx89Z4FsKjdh0uoAB/xV8Cv0NrBiMM3hwbGG4lyYu
    qu9mMafF+OjMjpbPMpPHFRFVUFzy7677eKCxJxIfcRBK4oXlOPNTGHvaceG634tG
    6hCEmMxmd1EGfNRHzR6xxS5SVDzLLivdlKNpNgyiEgG5M6DrNcfQtB6pht1lzM5S
    U7tlGJCiONTP/+yBo10x2Kx7af2zoIyOodstABEBAAG0GU90aGVyIDxvdGhlckBl
    eGFtcGxlLm9yZz6JAU4EEwEKADgWIQR+r2kxJf7MrAUKq6Wk31GLHlOf/QUCaw0/
    8QIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRCk31GLHlOf/fxtCACSudiT
    wbIudnR7GlAeUJLznv46NaVfeeyz5Bjq+WFxJJB6n1vFSzrqWLOS6db+A+gCYNED
    BTGDzmPaa9U2ymEk399SgGVoPRzBS6kZHzlQ2XZHW9kSzUfEyqvaS8oVpkP3NAA0
    vLeeJdohm8daITMRrjRjdbGOuVRuAezAlMa7D4ySmic7GS/uuRBvgNQ9Bs6xnSlM
    VoVdP5OTOGkFOiyrCzKGtEB1P9+Nz2TSEY4TT6Ot49x9IicOlgEHRU3Ga5UWqUt/
    28a0/A2vykwUgCRNNFjp/IdTkQE5Q4f70998PKhtKTNYPfpjE0r39pFUQmyqkplu
    cVLR9DzgysSZQO7XuQENBGsNP/IBCAC3F1uzeQIif+2o/lEg8gu6YjO7mgHi4ErO
    TT4O1xOHoyLmvfHr78P4A7Zm+1ZQNessl615MI7CUEw2OkPfiOFiNskfmulHc1L7
    jCjfkAmfuZdDNUimGynuUfPnCZYbT3qwbfRAMnhCtIZ0zI9AqaxlTa3gEavPpQbJ
    QtttgWWRbocdnFgyBe4zHlGmAjpvHHQErtCBZQqMFeO1UIo4BhH53vGIbPlcgvLy
    wHvv8wZPXqFLASLHoG+COdgi4I7CgxZjFsm01wZquB8eUpCG59cTi7EsVsTTnUEB
    uKBCqYq2SPjKKuPdOgoOtgavvc67qPH3TDEsWOjXAXwJ7MWx6anFABEBAAGJATYE
    GAEKACAWIQR+r2kxJf7MrAUKq6Wk31GLHlOf/QUCaw0/8gIbDAAKCRCk31GLHlOf
    /SZwCAC4m3lPEk3Ws9zMLHJozRDpfBCNN5rn0d6sztHqC2L6z4mudsO8/RfAxYk3
    A9ohCopzco1wJHs12gbVlZW8LWctpvg6jovzHlLK4318uUzNcbryV7m87MwRCnVU
    fXK0X9WI0S/tJeL5cmMWLh+rpshgKYWai4tWKEqGb2ySMhuzQZ9pCqQXjveazFQo
    qpc66MbDqYcQ/llTqphUfjRjGpAa5GwQWRn65L2rOkzIq4wggsRYyoB4ZJXUpKF9
    J/qZ14U7v85iJPZabo74nTDq8OJ6Sh3+ZE2NOI2styJuZu/LpcnkdsC+Oj0Aek/G
    y/B+nrcmwTH3a80vs9SW8SgR92pA
    =YJPn
    -----END PGP PUBLIC KEY BLOCK-----

    """
  package static let otherFingerprint = "7EAF693125FECCAC050AABA5A4DF518B1E539FFD"
}

#if os(Linux)
  @_spi(_Unicode) import Swift
#endif

extension String {
  /// The text in Unicode's composed form (NFC).
  ///
  /// The standard library has the conversion but exports it only on Linux; on other systems the text is unchanged.
  var composed: String {
    // Below U+0300 everything is already composed.
    guard unicodeScalars.contains(where: { $0.value >= 0x300 }) else { return self }
    #if os(Linux)
      var view = String.UnicodeScalarView()
      for scalar in _nfc { view.append(scalar) }
      return String(view)
    #else
      return self
    #endif
  }

  /// The scalars of the text in Unicode's decomposed form (NFD), with the same restriction.
  var decomposedScalars: String.UnicodeScalarView {
    guard unicodeScalars.contains(where: { $0.value >= 0xC0 }) else { return unicodeScalars }
    #if os(Linux)
      var view = String.UnicodeScalarView()
      for scalar in _nfd { view.append(scalar) }
      return view
    #else
      return unicodeScalars
    #endif
  }
}

extension String {
  /// Whether its UTF-8 bytes contain those of `part`, as C finds one string in another.
  ///
  /// `contains` compares characters, which takes many times as long.
  public func hasBytes(_ part: String) -> Bool {
    let text = utf8.span, part = part.utf8.span
    guard part.count <= text.count else { return false }
    for start in 0...text.count - part.count {
      var count = 0
      while count < part.count, text[start + count] == part[count] { count += 1 }
      if count == part.count { return true }
    }
    return false
  }
}

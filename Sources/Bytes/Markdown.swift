/// GitHub Markdown that shows text from files and paths as it is.
public enum Markdown {
  /// Returns `text` so that Markdown and HTML show its characters and give none of them a meaning.
  public static func escaped(_ text: String) -> String {
    // Two colons may be a link or an emoji.
    let colon = text.count { $0 == ":" } > 1 || text.contains("://") ? "&#58;" : ":"
    return text.escapedForDisplay.reduce(into: "") { escaped, character in
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      // Also inside of tables, where a backslash would not keep a cell from ending.
      case "|": escaped += "&#124;"
      // A mention or a bare link would be live.
      case "@": escaped += "&#64;"
      case ":": escaped += colon
      case "\\", "`", "*", "_", "[", "]", "#", "~", "!", "$": escaped += "\\\(character)"
      default: escaped.append(character)
      }
    }
  }

  /// Returns a table with a header; `isRightAligned` says how each column is aligned. Cells are escaped already.
  public static func table(_ titles: [String], isRightAligned: [Bool], rows: [[String]]) -> String {
    func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
    return line(titles) + line(isRightAligned.map { $0 ? "---:" : "---" }) + rows.map(line).joined()
  }

  /// Returns a fenced block, with a fence that no line of `text` closes.
  public static func codeBlock(_ text: String, language: String = "") -> String {
    var fence = "```"
    while text.contains(fence) { fence += "`" }
    return "\(fence)\(language)\n\(text)\n\(fence)\n"
  }

  /// Returns a relative link to the file `path`, every character that has a meaning in a URL or in Markdown encoded.
  public static func percentEncoded(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return path.utf8.reduce(into: "") { encoded, byte in
      switch UInt8(byte) {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }
}

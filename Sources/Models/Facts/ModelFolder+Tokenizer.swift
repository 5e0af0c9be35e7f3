import Formats
import Tokenization

extension ModelFolder {
  /// Reads the files that describe the tokenizer.
  ///
  /// - Throws: `LocatedError` for a file whose content is something else, such as a Git LFS pointer or a web page.
  public func tokenizerFiles() throws -> TokenizerFiles {
    try TokenizerFiles(tree) { content, path in
      try FormatSniffer.refuseForeign(content, path: path, expected: "a tokenizer's file")
    }
  }
}

import Bytes

/// The frame of a page without scripts, dates or external files.
struct Page {
  let title: String
  /// What is between the head and the command, as HTML.
  let body: String
  /// The arguments that the program was called with.
  let arguments: [String]
  let version: String

  var text: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(HTML.escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    \(body)
    <section>
    <h2>Reproduce</h2>
    <pre>\(HTML.escapedLines(command))</pre>
    </section>
    <footer>ingot \(HTML.escaped(version)); float32 forward pass, the same bits on every machine</footer>
    </body>
    </html>

    """
  }

  /// The command, ready to run in a shell, with a line for each option.
  private var command: String { ShellCommand.text([ToolInfo.name] + arguments, wrapping: true) }
}

extension HTML {
  /// Escapes lines, which stay lines and are not cut.
  static func escapedLines(_ text: String) -> String {
    text.map { $0 == "\n" ? "\n" : escaped(String($0)) }.joined()
  }
}

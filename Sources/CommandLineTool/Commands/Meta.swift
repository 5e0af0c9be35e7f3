import ArgumentParser
import Ingot

/// Reads and edits the metadata of a GGUF.
struct Meta: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "meta",
    abstract: "Reads and edits the metadata of a GGUF or safetensors file.",
    discussion: """
      The bytes of the tensors stay the same. An edit that fits into the padding is written in place; any other replaces \
      the file.

      EXAMPLES:
        # Print the chat template.
        ingot meta get model.gguf tokenizer.chat_template
        # Change the end token.
        ingot meta set model.gguf tokenizer.ggml.eos_token_id 128009
        # Set several keys at once, an id by the text of the token.
        ingot meta set model.gguf general.name=Mine 'tokenizer.ggml.eos_token_id=<|im_end|>'
      """,
    subcommands: [Get.self, Set.self, Remove.self])
}

extension Meta {
  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration.verb(
      commandName: "get",
      abstract: "Prints one value whole, or all keys with their types.",
      discussion: """
        EXAMPLES:
          # All keys.
          ingot meta get model.gguf
          # The chat template, to a file.
          ingot meta get model.gguf tokenizer.chat_template > template.jinja
        """)

    @Argument(help: "GGUF or safetensors file.", completion: .file())
    var path: String

    @Argument(help: "Key. (default: list all)", completion: .metadataKeys)
    var key: String?

    @OptionGroup var report: ReportOptions

    func run() throws {
      let metadata = try MetadataEditor(path).metadata
      guard let key else {
        let pairs = metadata.pairs.map { ($0.key.text, $0.value) }
        return try report.print {
          .members([
            "schema": .string("ingot.meta/1"), "path": .string(path),
            "metadata": .object(metadata.json(limit: 8)),
          ])
        } text: {
          var table = Table(["key": .left, "type": .left, "value": .left])
          for (key, value) in pairs {
            let type = MetadataValueParser(of: value)?.description ?? "array"
            table.append(key.escapedForDisplay, type, metadata.cell(key, limit: 6))
          }
          return table.text()
        }
      }
      guard let value = metadata[key] else {
        throw LocatedError(path: path, reason: MetadataEditingError.noSuchKey(key))
      }
      try report.print {
        .members([
          "schema": .string("ingot.meta/1"), "path": .string(path),
          "metadata": .members([key: value.json(limit: .max)]),
        ])
      } text: {
        (value.text ?? value.plainJSON.text(.compact)) + "\n"
      }
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration.verb(
      commandName: "set",
      abstract: "Sets keys to values.",
      discussion: """
        An existing key keeps its position and type. A new key is appended; its type is the conventional one of the key, \
        or --type. Arrays are written as JSON. In safetensors every value is a string. Several keys are set at once as \
        KEY=VALUE; KEY=@FILE reads the value from a file, KEY=@- from standard input. An id of a token may be given as the \
        text of the token, in double quotes if it is a number.

        EXAMPLES:
          # Set a chat template from a file.
          ingot meta set model.gguf tokenizer.chat_template --from-file template.jinja
          # Set an array.
          ingot meta set model.gguf general.tags '["chat", "en"]'
          # Set two special tokens by their texts.
          ingot meta set model.gguf 'tokenizer.ggml.eos_token_id=<|im_end|>' 'tokenizer.ggml.bos_token_id=<s>'
        """)

    @Argument(help: "GGUF or safetensors file.", completion: .file())
    var path: String

    @Argument(
      help: ArgumentHelp("Key and value, or any number of KEY=VALUE.", valueName: "key-value"),
      completion: .metadataKeys)
    var words: [String]

    @Option(
      help: ArgumentHelp(
        "Read the value from a file, such as a chat template; - is standard input.", valueName: "file"),
      completion: .file())
    var fromFile: String?

    @Option(help: "Type: u8 … i64, f32, f64, bool, string, or one of them in brackets for an array.")
    var type: String?

    @OptionGroup var output: EditOutput
    @OptionGroup var report: ReportOptions

    mutating func validate() throws {
      if let error = MetadataAssignment.Form(words, hasFile: fromFile != nil).error { throw ValidationError(error) }
    }

    func run() throws {
      var editor = try MetadataEditor(path)
      let before = editor.metadata
      var edits: [EditedKey] = []
      for assignment in try MetadataAssignment.all(words, fromFile: fromFile) {
        let text = try before.idText(of: assignment.text, for: assignment.key, path: path)
        let (old, new) = try editor.set(assignment.key, to: text, type: type)
        edits.append(EditedKey(key: assignment.key, old: old, new: new))
      }
      try output.save(editor, path, before: before, edits, report)
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration.verb(
      commandName: "rm",
      abstract: "Removes keys.",
      discussion: """
        EXAMPLES:
          # Remove a key in place.
          ingot meta rm model.gguf general.url
          # Write the result to another file.
          ingot meta rm model.gguf tokenizer.chat_template -o plain.gguf
        """)

    @Argument(help: "GGUF or safetensors file.", completion: .file())
    var path: String

    @Argument(help: "Keys to remove.", completion: .metadataKeys)
    var keys: [String]

    @OptionGroup var output: EditOutput
    @OptionGroup var report: ReportOptions

    func run() throws {
      var editor = try MetadataEditor(path)
      let before = editor.metadata
      var edits: [EditedKey] = []
      for key in keys {
        do throws(MetadataEditingError) {
          edits.append(EditedKey(key: key, old: try editor.remove(key), new: nil))
        } catch {
          if case .noSuchKey = error { throw LocatedError(path: path, reason: error) }
          throw error
        }
      }
      try output.save(editor, path, before: before, edits, report)
    }
  }
}

/// The change of one key.
struct EditedKey {
  let key: String
  let old: MetadataValue?
  let new: MetadataValue?
}

/// The destination of an edited file.
struct EditOutput: ParsableArguments {
  @Option(name: .shortAndLong, help: "Write the result to this file and keep the input.", completion: .file())
  var output: String?

  @Flag(help: "Replace an existing output.")
  var overwrite = false

  @Flag(help: "Write an edit that ingot check would fail.")
  var force = false

  func save(
    _ editor: MetadataEditor, _ path: String, before old: Metadata, _ edits: [EditedKey], _ report: ReportOptions
  ) throws {
    let findings = try MetadataEditCheck.newFindings(path, from: old, to: editor.metadata, library: .bundled())
    if !findings.pass, !force { throw FaultyEdit(path: path, findings: findings.filter { $0.severity == .error }) }
    for finding in findings where finding.severity != .note {
      StandardStreams.note("\(ToolInfo.name): warning: \(finding.description)")
    }
    var outcome = "written"
    if let output {
      try editor.save(to: output, overwrite: overwrite ? .replace : .refuse)
    } else {
      outcome = try editor.save().rawValue
    }
    try report.print {
      .members([
        "schema": .string("ingot.meta-edit/1"), "path": .string(output ?? path), "outcome": .string(outcome),
        "edits": .array(
          edits.map { edit in
            .members([
              "key": .string(edit.key), "old": edit.old?.json(limit: .max) ?? .null,
              "new": edit.new?.json(limit: .max) ?? .null,
            ])
          }),
        "findings": findings.json,
      ])
    } text: {
      edits.map { edit in
        let old = edit.old == nil ? "absent" : old.cell(edit.key, limit: 6)
        let new = edit.new == nil ? "absent" : editor.metadata.cell(edit.key, limit: 6)
        return "\(edit.key.escapedForDisplay)  \(old) → \(new)\n"
      }.joined() + "\((output ?? path).escapedForDisplay): \(outcome)\n"
    }
  }
}

/// An edit after which the file could not be used.
struct FaultyEdit: IngotError {
  let path: String
  /// The errors that the edit makes; never empty.
  let findings: [Finding]
  var category: ErrorCategory { .check }
  var description: String {
    (["\(path.escapedForDisplay): not edited, since ingot check would fail (pass --force to write it)"]
      + findings.map(\.description).limited("problem", listsAll: false, remedy: "ingot check shows more"))
      .joined(separator: "\n")
  }
}

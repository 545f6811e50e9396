using System.Text;
using Google.Protobuf;

namespace LongContext.Tokenization.SentencePiece;

/// <summary>What a tokenizer.model says: the fields of SentencePiece's ModelProto that encoding depends on.</summary>
internal sealed class SentencePieceModel
{
    private const int BpeType = 2;
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly string _file;
    private int _modelType = 1;
    private int _beginId = 1;
    private int _endId = 2;
    private int _paddingId = -1;
    private bool _treatsBlankAsSuffix;
    private bool _escapesBlanks = true;
    private bool _hasCharacterMap;
    private string _normalizerName = "";

    private SentencePieceModel(string file) => _file = file;

    /// <summary>By id.</summary>
    public List<(string Text, float Score, PieceKind Kind)> Pieces { get; } = [];

    public bool HasByteFallback { get; private set; }

    public bool AddsDummyPrefix { get; private set; } = true;

    public bool RemovesExtraBlanks { get; private set; } = true;

    /// <summary>The piece that begins a text, or null.</summary>
    public string? BeginningOfSentence => TextOf(_beginId);

    /// <summary>The piece that ends a text, or null.</summary>
    public string? EndOfSentence => TextOf(_endId);

    /// <summary>The piece that fills rows up, or null.</summary>
    public string? Padding => TextOf(_paddingId);

    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="NotSupportedException">The model is of another type than BPE, or normalizes text by a map.</exception>
    public static SentencePieceModel Read(string file, byte[] bytes)
    {
        var model = new SentencePieceModel(file);
        try
        {
            ReadFields(new CodedInputStream(bytes), model.ReadModelField);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or DecoderFallbackException or InvalidOperationException)
        {
            throw new InvalidDataException($"{file}: not a SentencePiece model: {e.Message}", e);
        }

        model.Check();
        return model;
    }

    private void Check()
    {
        if (Pieces.Count == 0) throw new InvalidDataException($"{_file}: not a SentencePiece model: it has no pieces.");
        if (_modelType != BpeType)
        {
            string name = _modelType switch { 1 => "unigram", 3 => "word", 4 => "char", _ => $"number {_modelType}" };
            throw Unsupported($"the model type '{name}'", "bpe");
        }

        if (_hasCharacterMap) throw Unsupported($"the normalizer '{_normalizerName}'", "identity");
        if (_treatsBlankAsSuffix) throw Unsupported("treat_whitespace_as_suffix", "false");
        if (!_escapesBlanks) throw Unsupported("escape_whitespaces of false", "true");
        foreach ((string text, float score, PieceKind kind) in Pieces)
        {
            if (text.Length == 0) throw new InvalidDataException($"{_file}: a piece is an empty string.");
            if (float.IsNaN(score)) throw new InvalidDataException($"{_file}: the score of the piece \"{text}\" is not a number.");
            if (!Enum.IsDefined(kind)) throw new InvalidDataException($"{_file}: the piece \"{text}\" has the type {(int)kind}, expected 1 to 6.");
            if (kind == PieceKind.Unused) throw Unsupported($"the piece \"{text}\" of the type UNUSED", "NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE");
        }
    }

    private NotSupportedException Unsupported(string what, string supported) => new($"{_file}: {what} is not supported (supported: {supported}).");

    private string? TextOf(int id) => id >= 0 && id < Pieces.Count ? Pieces[id].Text : null;

    private static void ReadFields(CodedInputStream input, Func<int, CodedInputStream, bool> read)
    {
        while (input.ReadTag() is > 0 and uint tag)
        {
            if (!read(WireFormat.GetTagFieldNumber(tag), input)) input.SkipLastField();
        }
    }

    private static CodedInputStream Message(CodedInputStream input) => new(input.ReadBytes().ToByteArray());

    private bool ReadModelField(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 1: ReadPiece(Message(input)); return true;
            case 2: ReadFields(Message(input), ReadTrainerField); return true;
            case 3: ReadFields(Message(input), ReadNormalizerField); return true;
            case 5: ReadFields(Message(input), (number, inner) => number == 2 && NoteCharacterMap(inner, "denormalizer")); return true;
            default: return false;
        }
    }

    private void ReadPiece(CodedInputStream input)
    {
        string text = "";
        float score = 0;
        var kind = PieceKind.Normal;
        ReadFields(input, (field, inner) =>
        {
            switch (field)
            {
                case 1: text = s_strictUtf8.GetString(inner.ReadBytes().Span); return true;
                case 2: score = inner.ReadFloat(); return true;
                case 3: kind = (PieceKind)inner.ReadInt32(); return true;
                default: return false;
            }
        });
        Pieces.Add((text, score, kind));
    }

    private bool ReadTrainerField(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 3: _modelType = input.ReadInt32(); return true;
            case 24: _treatsBlankAsSuffix = input.ReadBool(); return true;
            case 35: HasByteFallback = input.ReadBool(); return true;
            case 41: _beginId = input.ReadInt32(); return true;
            case 42: _endId = input.ReadInt32(); return true;
            case 43: _paddingId = input.ReadInt32(); return true;
            default: return false;
        }
    }

    private bool ReadNormalizerField(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 1: _normalizerName = input.ReadString(); return true;
            case 2: return NoteCharacterMap(input, _normalizerName);
            case 3: AddsDummyPrefix = input.ReadBool(); return true;
            case 4: RemovesExtraBlanks = input.ReadBool(); return true;
            case 5: _escapesBlanks = input.ReadBool(); return true;
            default: return false;
        }
    }

    private bool NoteCharacterMap(CodedInputStream input, string name)
    {
        if (input.ReadBytes().Length == 0) return true;
        _hasCharacterMap = true;
        if (_normalizerName.Length == 0) _normalizerName = name.Length > 0 ? name : "precompiled_charsmap";
        return true;
    }
}

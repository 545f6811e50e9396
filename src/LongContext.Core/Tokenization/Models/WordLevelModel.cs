namespace LongContext.Tokenization.Models;

/// <summary>A word is a token, or the unknown token.</summary>
internal sealed class WordLevelModel : TokenModel
{
    private readonly int _unknownId;

    private WordLevelModel(Vocabulary vocabulary, string unknownToken, int unknownId)
        : base(vocabulary)
    {
        UnknownToken = unknownToken;
        _unknownId = unknownId;
    }

    public override string UnknownToken { get; }

    public override string TypeName => "WordLevel";

    public override void Encode(ReadOnlySpan<char> word, int origin, TokenBuffer output) =>
        output.Add(Vocabulary.TryGetId(word, out int id) ? id : _unknownId, origin, origin + word.Length);

    public static WordLevelModel ReadWordLevel(JsonField field)
    {
        Vocabulary vocabulary = Vocabulary.Read(field.Required("vocab"));
        JsonField unknown = field.Required("unk_token");
        string token = unknown.Text();
        return vocabulary.TryGetId(token, out int id)
            ? new WordLevelModel(vocabulary, token, id)
            : throw unknown.Fault($"\"{token}\" is not in the vocabulary");
    }
}

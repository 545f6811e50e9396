using LongContext.Evaluation.Tasks;
using LongContext.Tokenization;

namespace LongContext.Samples.Shared.Repetition;

/// <summary>
/// The word model's language: 1,024 tokens, of which the first are signs and the rest plain words that texts are drawn from.
/// "text &lt;last&gt; 7" asks for the last 7 words of the text; "text &lt;repeat&gt; &lt;c&gt;" asks for the words after the marker &lt;c&gt;.
/// </summary>
internal sealed class RepetitionLanguage
{
    public const int VocabularySize = 1024;
    public const int MaximumCount = 16;
    public const string LastTemplate = "{text} <last> {count}";
    public const string MarkerTemplate = "{text} <repeat> {marker}";
    private const string Unknown = "<unk>", Beginning = "<s>", End = "</s>";

    public RepetitionLanguage(HuggingFaceTokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        BeginningId = tokenizer.BeginningOfSentenceId ?? throw new InvalidDataException("The word model's tokenizer has no <s>.");
        RepeatId = Id("<repeat>");
        LastId = Id("<last>");
        CountIds = [.. Enumerable.Range(1, MaximumCount).Select(count => Id($"{count}"))];
        MarkerIds = [.. Markers.Select(Id)];
        int firstWord = MarkerIds.Max() + 1;
        Words = [.. Enumerable.Range(firstWord, tokenizer.VocabularySize - firstWord).Select(tokenizer.GetToken)];
        WordIds = [.. Words.Select(Id)];
    }

    public static IReadOnlyList<string> Markers { get; } = [.. Enumerable.Range('a', 16).Select(letter => $"<{(char)letter}>")];

    public HuggingFaceTokenizer Tokenizer { get; }

    public IReadOnlyList<string> Words { get; }

    public int BeginningId { get; }

    public int RepeatId { get; }

    public int LastId { get; }

    /// <summary>The token of the count c at index c − 1.</summary>
    public int[] CountIds { get; }

    public int[] MarkerIds { get; }

    public int[] WordIds { get; }

    /// <summary>The tokenizer for a model that is trained anew.</summary>
    public static HuggingFaceTokenizer CreateTokenizer()
    {
        string[] signs = [Unknown, Beginning, End, "<repeat>", "<last>", .. Enumerable.Range(1, MaximumCount).Select(count => $"{count}"), .. Markers];
        IReadOnlyList<string> nouns = new RepetitionTaskOptions().Words;
        IEnumerable<string> words = nouns.Concat(nouns.Select(Plural)).Distinct().Take(VocabularySize - signs.Length);
        return HuggingFaceTokenizer.CreateWordLevel([.. signs, .. words], Unknown, Beginning, End);
    }

    private static string Plural(string noun) =>
        noun.EndsWith('y') && !"aeiou".Contains(noun[^2], StringComparison.Ordinal) ? noun[..^1] + "ies"
        : noun.EndsWith('s') || noun.EndsWith('x') || noun.EndsWith("ch", StringComparison.Ordinal) || noun.EndsWith("sh", StringComparison.Ordinal) ? noun + "es"
        : noun + "s";

    private int Id(string token) =>
        Tokenizer.TryGetTokenId(token, out int id) ? id : throw new InvalidDataException($"The word model's tokenizer has no '{token}'.");
}

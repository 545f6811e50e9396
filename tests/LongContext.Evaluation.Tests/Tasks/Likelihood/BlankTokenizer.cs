using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>A small BPE over whole texts: blanks and line feeds are tokens, and merges do not stop at a border between prompt and answer.</summary>
internal static class BlankTokenizer
{
    public static Tokenizer Instance { get; } = Create();

    private static BpeTokenizer Create()
    {
        string[] merges = ["t h", "th e", "i n", "e r", "a n", "o r", "in g", "s t"];
        IEnumerable<string> symbols = Enumerable.Range(32, 95).Select(c => ((char)c).ToString()).Append("\n")
            .Concat(merges.Select(merge => merge.Replace(" ", string.Empty, StringComparison.Ordinal)));
        return BpeTokenizer.Create(new BpeOptions(symbols.Select((symbol, id) => KeyValuePair.Create(symbol, id)))
        {
            Merges = merges,
            PreTokenizer = new RegexPreTokenizer(new Regex(".+", RegexOptions.Singleline), null),
        });
    }
}

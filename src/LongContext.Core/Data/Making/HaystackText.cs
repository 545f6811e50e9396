using System.Text;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>One item's haystack with things hidden in it: any number of its pieces, the same from the first on however many.</summary>
internal sealed class HaystackText(Haystack haystack, IEnumerable<HaystackPiece> source) : IDisposable
{
    private readonly IEnumerator<HaystackPiece> rest = source.GetEnumerator();
    private readonly List<HaystackPiece> pieces = [];
    private readonly List<int> borders = []; // before which pieces something can be put

    public void Dispose() => rest.Dispose();

    /// <summary>Tokens a piece has, of the first few: where to begin to look for how many fit.</summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="sample">How many pieces are looked at.</param>
    public double TokensPerPiece(Tokenizer tokenizer, int sample = 8) => Math.Max(0.25, tokenizer.CountTokens(With(sample, [])) / (double)sample);

    /// <summary>The text.</summary>
    /// <param name="count">Pieces of the haystack.</param>
    /// <param name="hidden">
    /// What is hidden, and how deep, from 0 to 1: of m sentences (or lines) after ⌊m·depth⌋ of them, as RULER does. Of things at the same place
    /// the first comes first.
    /// </param>
    /// <param name="filling">What stands at the end, after all pieces; empty (the default) for nothing.</param>
    public string With(int count, IReadOnlyList<(string Text, double Depth)> hidden, string filling = "")
    {
        while (pieces.Count < count)
        {
            rest.MoveNext();
            if (rest.Current.IsBorder || pieces.Count == 0) borders.Add(pieces.Count);
            pieces.Add(rest.Current);
        }

        int sentences = borders.BinarySearch(count);
        if (sentences < 0) sentences = ~sentences;
        StringBuilder text = new();
        int next = 0;
        foreach ((string needle, double depth) in hidden.OrderBy(item => item.Depth))
        {
            int sentence = (int)(sentences * depth), place = sentence >= sentences ? count : borders[sentence];
            Add(place);
            Append(needle);
        }

        Add(count);
        if (filling.Length > 0) Append(filling);
        return text.ToString();

        void Add(int end)
        {
            // What is hidden stands apart on both sides.
            for (int first = next; next < end; next++) Append(pieces[next].Text, pieces[next].Continues && next > first);
        }

        void Append(string part, bool continues = false)
        {
            if (text.Length > 0 && !continues) text.Append(haystack.Separator);
            text.Append(part);
        }
    }
}

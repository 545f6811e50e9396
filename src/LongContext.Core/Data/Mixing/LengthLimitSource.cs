using System.Globalization;
using LongContext.Data.Operators;
using LongContext.Packing;

namespace LongContext.Data.Mixing;

/// <summary>
/// Sequences between the least and the most tokens: longer ones are cut into windows where every token counts, and left out where not (a task without its
/// beginning teaches nothing); what is shorter, the rest of a cut one too, is left out.
/// </summary>
internal sealed class LengthLimitSource(IDataSource<TokenSequence> source, int least, int most, int? beginningOfSentence, LengthCounts counts)
    : OperatorSource<TokenSequence, TokenSequence>(source, "length-limits")
{
    private const string GivenName = "given";

    private IReadOnlyList<TokenSequence>? windows;
    private int given;

    public override TokenSequence? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Cursor.Peek(0, cancellationToken) is not { } sequence) return null;
            windows ??= Windows(sequence);
            while (given < windows.Count)
            {
                if (windows[given++] is { } window && window.Length >= least) return window;
            }

            // Counted once the document is done with, so that a restart in its midst counts it once.
            IEnumerable<TokenSequence> tooShort = windows.Where(window => window.Length < least);
            counts.Add(tooShort.LongCount(), tooShort.Sum(window => (long)window.Length), windows.Count == 0);
            windows = null;
            given = 0;
            Cursor.Take();
        }
    }

    protected override IEnumerable<(string Name, string Value)> Settings() =>
        [("least", least.ToString(CultureInfo.InvariantCulture)), ("most", most.ToString(CultureInfo.InvariantCulture))];

    protected override void Save(StreamState state)
    {
        state.Set(GivenName, given);
        counts.Save(state);
    }

    protected override Action Load(StreamState state)
    {
        int then = (int)state.GetNumber(GivenName, 0, int.MaxValue);
        Action load = counts.Load(state);
        return () =>
        {
            load();
            windows = null;
            given = then;
        };
    }

    private IReadOnlyList<TokenSequence> Windows(TokenSequence sequence)
    {
        if (sequence.Length <= most) return [sequence];
        if (!sequence.LossMask.IsEmpty) return [];
        bool begins = beginningOfSentence is { } first && sequence.Tokens.Span[0] == first;
        return LongDocuments.Cut(begins ? sequence.Tokens[1..] : sequence.Tokens, most, begins ? beginningOfSentence : null);
    }
}

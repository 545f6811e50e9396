using LongContext.Data.Examples;
using LongContext.Data.Making;

namespace LongContext.Data.Mixing;

/// <summary>Denoising examples of a text, each of as much of it as fits the context together with what is asked.</summary>
internal sealed class DenoisedPieces(TextDenoiser denoiser, ExampleEncoder encoder, int contextLength)
{
    private const int PieceBits = 20;

    public string Identity => FormattableString.Invariant($"{denoiser.Identity}, pieces of {contextLength} tokens by {encoder.Identity}");

    public IReadOnlyList<TrainingExample> Make(TrainingExample example, long number)
    {
        if (example is not TextExample { Text: var text })
            throw new ArgumentException($"{example.Origin?.ToString() ?? "An example"} is a {example.GetType().Name}, expected a {nameof(TextExample)}.", nameof(example));
        List<TrainingExample> made = [];
        double charactersPerToken = 3; // of this text alone: the pieces of a text are the same whatever came before it
        for (int start = 0; start < text.Length;)
        {
            long piece = (number << PieceBits) + made.Count; // each draws for itself
            int length = TextFit.Longest(text, start, contextLength, candidate => Measure(candidate, piece), ref charactersPerToken);
            if (length == 0)
            {
                // The form's own marks stand here, or this is a last word: it is passed over, and what follows is not lost with it.
                while (start < text.Length && TextUnits.IsSpace(text[start])) start++;
                while (start < text.Length && !TextUnits.IsSpace(text[start])) start++;
                continue;
            }

            made.Add(MakerExtensions.Carry(denoiser.Make(text.Substring(start, length), piece), example));
            start += length;
        }

        return made;
    }

    private int? Measure(string piece, long number) => denoiser.CanMake(piece) ? encoder.Encode(denoiser.Make(piece, number)).Length : null;
}

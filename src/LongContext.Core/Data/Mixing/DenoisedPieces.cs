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
        for (int start = 0; start < text.Length;)
        {
            long piece = (number << PieceBits) + made.Count; // each draws for itself
            int length = TextFit.Longest(text, start, candidate => Fits(candidate, piece));
            if (length == 0) break; // a last word, or the form's own marks in the text
            made.Add(MakerExtensions.Carry(denoiser.Make(text.Substring(start, length), piece), example));
            start += length;
        }

        return made;
    }

    private bool Fits(string piece, long number) => denoiser.CanMake(piece) && encoder.Encode(denoiser.Make(piece, number)).Length <= contextLength;
}

using System.Globalization;
using System.Text;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>
/// Takes pieces of a text away and asks for them: UL2's denoising on words, for any model. White space, and everything else that stays, comes out
/// as it went in.
/// </summary>
/// <remarks>
/// Tay et al., "UL2" (arXiv 2205.05131), gaps drawn as T5 draws them (Raffel et al. 2019). A gap reaches from the first character of its first
/// word to the last of its last; what white space is around it stays in the prompt. Where the text is to be completed, the prompt ends with a
/// word and the completion begins with the white space after it.
/// </remarks>
public sealed class TextDenoiser
{
    private readonly TextDenoiserOptions options;
    private readonly NumberedText gap;
    private readonly NumberedText label;

    /// <summary>Makes a denoiser.</summary>
    /// <param name="options">What to do. Default: UL2's seven denoisers with T5's sentinels.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public TextDenoiser(TextDenoiserOptions? options = null)
    {
        this.options = options ?? new TextDenoiserOptions();
        this.options.Validate();
        gap = new NumberedText(this.options.Form.Gap);
        label = new NumberedText(this.options.Form.Label);
    }

    private DenoisingForm Form => options.Form;

    internal string Identity => Settings.Text(
        "denoise text", options.Seed, options.Denoisers, options.Unit, Form.Gap, Form.Label, Form.Separator, Form.FirstNumber, Form.MaximumGaps,
        Form.Prompts.OrderBy(pair => pair.Key).Select(pair => pair.Value));

    /// <summary>Whether a text can be denoised: at least two words (or characters), and nothing in it that the form puts into gaps or before answers.</summary>
    /// <param name="text">The text.</param>
    public bool CanMake(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Fault(text, TextUnits.Of(text, options.Unit)) is null;
    }

    /// <summary>Denoises a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="number">The item's number; with the seed it decides which denoiser and which gaps.</param>
    /// <returns>The example; its properties are mode, meanSpanLength, noiseRate and gaps.</returns>
    /// <exception cref="ArgumentException">Not possible; see <see cref="CanMake"/>.</exception>
    public PromptExample Make(string text, long number)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<Range> units = TextUnits.Of(text, options.Unit);
        if (Fault(text, units) is { } fault) throw new ArgumentException(fault, nameof(text));
        SplitMix64 random = new(options.Seed, number);
        Denoiser denoiser = Denoiser.Draw(options.Denoisers, ref random);
        IReadOnlyList<string> prompts = Form.Prompts[denoiser.Mode];
        string prompt = prompts[random.NextInt(prompts.Count)];
        if (denoiser.Mode == DenoisingMode.Sequential)
        {
            int cut = units[SpanNoise.Cut(units.Count, denoiser.NoiseRate, ref random) - 1].End.Value;
            return Example(denoiser, 1, PromptTemplate.Fill(prompt, text[..cut]), text[cut..]);
        }

        Range[] gaps = SpanNoise.Spans(units.Count, denoiser.MeanSpanLength, denoiser.NoiseRate!.Value, Form.MaximumGaps, ref random);
        StringBuilder left = new(), taken = new();
        int place = 0;
        for (int i = 0; i < gaps.Length; i++)
        {
            int start = units[gaps[i].Start.Value].Start.Value, end = units[gaps[i].End.Value - 1].End.Value;
            left.Append(text, place, start - place).Append(gap.With(Form.FirstNumber + i));
            taken.Append(i == 0 ? "" : Form.Separator).Append(label.With(Form.FirstNumber + i)).Append(text, start, end - start);
            place = end;
        }

        left.Append(text, place, text.Length - place);
        return Example(denoiser, gaps.Length, PromptTemplate.Fill(prompt, left.ToString()), taken.ToString());
    }

    /// <summary>Puts what was taken away back.</summary>
    /// <param name="made">What <see cref="Make"/> of a denoiser with the same options gave.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ArgumentException">It is something else.</exception>
    public string Restore(PromptExample made)
    {
        ArgumentNullException.ThrowIfNull(made);
        bool sequential = !made.Completion.StartsWith(label.With(Form.FirstNumber), StringComparison.Ordinal);
        string left = Unwrap(made.Prompt, sequential);
        if (sequential) return left + made.Completion;
        StringBuilder text = new();
        string rest = made.Completion;
        int place = 0;
        for (int number = Form.FirstNumber; rest.Length > 0; number++)
        {
            string here = gap.With(number), next = Form.Separator + label.With(number + 1);
            int at = left.IndexOf(here, place, StringComparison.Ordinal);
            if (at < 0) throw new ArgumentException($"The prompt has no gap {number}: it was not made by this denoiser.", nameof(made));
            int start = label.With(number).Length + (number == Form.FirstNumber ? 0 : Form.Separator.Length);
            int end = rest.IndexOf(next, start, StringComparison.Ordinal);
            if (end < 0) end = rest.Length;
            text.Append(left, place, at - place).Append(rest, start, end - start);
            rest = rest[end..];
            place = at + here.Length;
        }

        return text.Append(left, place, left.Length - place).ToString();
    }

    private string Unwrap(string prompt, bool sequential)
    {
        string? best = null;
        foreach (string template in Form.Prompts.Where(pair => (pair.Key == DenoisingMode.Sequential) == sequential).SelectMany(pair => pair.Value))
        {
            string[] around = template.Split(PromptTemplate.TextPlace);
            if (prompt.Length >= around[0].Length + around[1].Length
                && prompt.StartsWith(around[0], StringComparison.Ordinal) && prompt.EndsWith(around[1], StringComparison.Ordinal)
                && prompt[around[0].Length..^around[1].Length] is var text && (best is null || text.Length < best.Length)) best = text;
        }

        return best ?? throw new ArgumentException("The prompt is none of this denoiser's form.", nameof(prompt));
    }

    private string? Fault(string text, List<Range> units) =>
        units.Count < 2 ? $"A text of {units.Count} {options.Unit.ToString().ToLowerInvariant()} has nothing to take away; expected at least 2."
        : gap.IsIn(text) ? $"The text holds \"{Form.Gap}\" with a number, which stands for a gap: which one is meant could not be told."
        : label.IsIn(text) ? $"The text holds \"{Form.Label}\" with a number, which begins an answer: where one ends could not be told."
        : null;

    private static PromptExample Example(Denoiser denoiser, int gaps, string prompt, string completion) => new(prompt, completion)
    {
        Properties = new Dictionary<string, string>
        {
            ["mode"] = denoiser.Mode.ToString(),
            ["meanSpanLength"] = denoiser.MeanSpanLength.ToString(CultureInfo.InvariantCulture),
            ["noiseRate"] = denoiser.NoiseRate?.ToString(CultureInfo.InvariantCulture) ?? "drawn",
            ["gaps"] = gaps.ToString(CultureInfo.InvariantCulture),
        },
    };
}

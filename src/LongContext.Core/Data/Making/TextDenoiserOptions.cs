namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="TextDenoiser"/>.</summary>
public sealed class TextDenoiserOptions
{
    /// <summary>What may be done to a text; lengths count words or characters, as <see cref="Unit"/> says. Default: <see cref="Denoiser.Ul2"/>.</summary>
    public IReadOnlyList<Denoiser> Denoisers { get; init; } = Denoiser.Ul2;

    /// <summary>How it is put to the model. Default: <see cref="DenoisingForm.Sentinels"/>.</summary>
    public DenoisingForm Form { get; init; } = DenoisingForm.Sentinels;

    /// <summary>What gaps are made of. Default: <see cref="DenoisingUnit.Words"/>.</summary>
    public DenoisingUnit Unit { get; init; } = DenoisingUnit.Words;

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        Denoiser.AddFaults(Denoisers, faults);
        if (!Enum.IsDefined(Unit)) faults.Add($"{nameof(Unit)} is {Unit}, expected Words or Characters");
        if (Form is null) faults.Add($"{nameof(Form)} is null");
        else Form.AddFaults((Denoisers ?? []).Where(denoiser => denoiser is not null).Select(denoiser => denoiser.Mode).Distinct(), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(TextDenoiserOptions)}: {string.Join("; ", faults)}.");
    }
}

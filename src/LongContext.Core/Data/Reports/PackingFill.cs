namespace LongContext.Data.Reports;

/// <summary>How full packs become in one way of packing.</summary>
/// <param name="Method">How they were packed.</param>
/// <param name="Packs">How many there are.</param>
/// <param name="FillRate">Tokens over the packs' room, from 0 to 1.</param>
public sealed record PackingFill(string Method, long Packs, double FillRate);

using LongContext.Data;

namespace LongContext.Training;

/// <summary>
/// Where a run stands in its data, which is another thing than the step: a step may take fewer packs at the end, and packs may be
/// passed over without a step.
/// </summary>
/// <param name="Packs">Packs taken so far.</param>
/// <param name="State">What the feed goes on from.</param>
internal sealed record DataPosition(long Packs, StreamState State);

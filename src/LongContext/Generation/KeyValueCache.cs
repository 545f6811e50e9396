using LongContext.Models;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Generation;

/// <summary>
/// Keys and values of one document's earlier tokens, for every layer: <c>[capacity, kvHeads, headDim]</c>, doubled when full.
/// Holds keys as they were rotated, or, with <see cref="RerotatesKeys"/>, unrotated.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly Tensor?[] keys;
    private readonly Tensor?[] values;
    private bool disposed;
    private PositionRemapping? remapping;
    private object? positions;

    /// <summary>An empty cache.</summary>
    /// <param name="layerCount">Number of layers of the model.</param>
    /// <param name="rerotatesKeys">See <see cref="RerotatesKeys"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layerCount"/> is below 1.</exception>
    public KeyValueCache(int layerCount, bool rerotatesKeys = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layerCount, 1);
        keys = new Tensor?[layerCount];
        values = new Tensor?[layerCount];
        RerotatesKeys = rerotatesKeys;
    }

    /// <summary>Number of layers it was made for.</summary>
    public int LayerCount => keys.Length;

    /// <summary>Number of tokens held.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of the tensors held, room for growth included.</summary>
    public long ByteCount => keys.Concat(values).Sum(tensor => tensor is null ? 0 : tensor.numel() * tensor.element_size());

    /// <summary>
    /// Whether keys are kept unrotated and all of them are rotated at each step by the frequencies of the current length.
    /// Matters only for scalings that depend on length (dynamic NTK). Otherwise cached keys keep the rotation that they were
    /// made with, as in transformers. Either way what a layer cached came from hidden states made under earlier frequencies, so
    /// beyond the first layer neither equals a computation of the whole sequence anew.
    /// </summary>
    public bool RerotatesKeys { get; }

    /// <summary>Drops the newest tokens, so that <paramref name="length"/> remain.</summary>
    /// <param name="length">Tokens to keep, at most <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or above <see cref="Length"/>.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        ReleaseStores();
        Length = 0;
        disposed = true;
    }

    /// <summary>Takes a layer's new keys (not rotated yet) and values, and gives all of that layer's, rotated.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="k_TKD">Its new keys.</param>
    /// <param name="v_TKD">Its new values.</param>
    /// <param name="rows">cos and sin of the new tokens; null for a layer without positions.</param>
    /// <param name="rowsOfAll">Those of all tokens, the new ones included; needed when keys are rotated anew.</param>
    internal (Tensor K_SKD, Tensor V_SKD) Append(int layer, Tensor k_TKD, Tensor v_TKD, RotaryRows? rows, RotaryRows? rowsOfAll)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        int total = Length + (int)k_TKD.size(0);
        Store(ref keys[layer], RerotatesKeys ? k_TKD : Rotate(k_TKD, rows), total);
        Store(ref values[layer], v_TKD, total);
        Tensor all_SKD = keys[layer]!.narrow(0, 0, total);
        return (RerotatesKeys ? Rotate(all_SKD, rowsOfAll) : all_SKD, values[layer]!.narrow(0, 0, total));
    }

    /// <summary>Notes the positions and the remapping under which the cache is filled; one cache cannot mix them.</summary>
    /// <param name="askedPositions">Stands for the model's rotary settings: another object for others.</param>
    /// <param name="asked">The remapping in force.</param>
    /// <param name="parameterName">The caller's name for the cache.</param>
    /// <exception cref="ArgumentException">It holds tokens of others, or keeps keys unrotated under a remapping.</exception>
    internal void Use(object askedPositions, PositionRemapping? asked, string parameterName)
    {
        if (Length > 0 && !ReferenceEquals(askedPositions, positions))
            throw new ArgumentException("The cache was filled before the model's rope scaling was changed, or by another model; begin with an empty one.", parameterName);
        if (Length > 0 && asked != remapping)
            throw new ArgumentException($"The cache was filled under {Name(remapping)}, but the model now has {Name(asked)}.", parameterName);
        if (asked is not null && RerotatesKeys)
            throw new ArgumentException($"Keys cannot be rotated anew under {asked}.", parameterName);
        // Kept memory has the shape and type of what was in it.
        if (!ReferenceEquals(askedPositions, positions) || asked != remapping) ReleaseStores();
        (positions, remapping) = (askedPositions, asked);

        static string Name(PositionRemapping? value) => value?.ToString() ?? "no remapping of positions";
    }

    /// <summary>Counts the tokens in once all layers have taken them.</summary>
    internal void Advance(int tokens) => Length += tokens;

    private void ReleaseStores()
    {
        foreach (Tensor? tensor in keys) tensor?.Dispose();
        foreach (Tensor? tensor in values) tensor?.Dispose();
        Array.Clear(keys);
        Array.Clear(values);
    }

    private static Tensor Rotate(Tensor x_SKD, RotaryRows? rows) => rows is { } given ? Rotary.Apply(x_SKD, given) : x_SKD;

    private void Store(ref Tensor? store, Tensor rows, int total)
    {
        if (store is null || store.size(0) < total)
        {
            long capacity = Math.Max(total, Math.Max(64, (store?.size(0) ?? 0) * 2));
            Tensor grown = empty([capacity, rows.size(1), rows.size(2)], dtype: rows.dtype, device: rows.device).DetachFromDisposeScope();
            if (store is not null)
            {
                using Tensor held = store.narrow(0, 0, Length), place = grown.narrow(0, 0, Length);
                place.copy_(held);
                store.Dispose();
            }

            store = grown;
        }

        using Tensor target = store.narrow(0, Length, rows.size(0));
        target.copy_(rows);
    }
}

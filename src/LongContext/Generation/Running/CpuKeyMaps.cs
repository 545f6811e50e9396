using System.Numerics;
using System.Runtime.InteropServices;
using LongContext.Positions;

namespace LongContext.Generation.Running;

/// <summary>The positions that keys have under remappings, by position in the sequence; tables that grow and serve all sequences under the same remapping.</summary>
internal sealed unsafe class CpuKeyMaps : IDisposable
{
    /// <summary>Remappings that are kept; more are forgotten between steps.</summary>
    private const int Most = 16;

    private readonly Dictionary<PositionRemapping, Entry> entries = [];

    /// <summary>Begins a step: addresses of earlier ones may be no longer valid.</summary>
    public void Begin()
    {
        if (entries.Count > Most) Dispose();
    }

    /// <summary>Makes tables of that many positions.</summary>
    public void Reserve(PositionRemapping remapping, int positions)
    {
        if (!entries.TryGetValue(remapping, out Entry? entry)) entries.Add(remapping, entry = new Entry(remapping.KeyMapCount));
        if (positions <= entry.Positions) return;
        int capacity = (int)Math.Min(int.MaxValue / 2, BitOperations.RoundUpToPowerOf2((uint)Math.Max(256, positions)));
        for (int map = 0; map < entry.Maps.Length; map++)
        {
            var grown = (int*)NativeMemory.Realloc((void*)entry.Maps[map], checked((nuint)((long)capacity * sizeof(int))));
            for (int key = entry.Positions; key < capacity; key++) grown[key] = remapping.KeyPosition(map, key);
            entry.Maps[map] = (nint)grown;
        }

        entry.Positions = capacity;
    }

    /// <summary>Address (int*) of a map's table.</summary>
    public nint Table(PositionRemapping remapping, int map) => entries[remapping].Maps[map];

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Entry entry in entries.Values)
        {
            foreach (nint map in entry.Maps) NativeMemory.Free((void*)map);
        }

        entries.Clear();
    }

    private sealed class Entry(int maps)
    {
        public nint[] Maps { get; } = new nint[maps];

        public int Positions { get; set; }
    }
}

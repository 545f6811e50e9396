using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Pointwise;

/// <summary>Cuts rows into tiles that are worth a thread's while.</summary>
internal static class RowWork
{
    /// <summary>Numbers of a tile, about.</summary>
    private const int TileNumbers = 8192;

    /// <summary>Rows of a tile.</summary>
    public static int RowsPerTile(long size) => (int)Math.Max(1, TileNumbers / Math.Max(1, size));

    /// <summary>Does all tiles; what is little stays on the calling thread, since waking others takes longer.</summary>
    public static void Run<TWork>(CpuTeam team, ref TWork work, int tiles, long numbers)
        where TWork : struct, ITileWork
    {
        if (tiles > 1 && numbers > TileNumbers)
        {
            team.Run(ref work, tiles);
            return;
        }

        for (int tile = 0; tile < tiles; tile++) work.Run(tile, 0);
    }
}

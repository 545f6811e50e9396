using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Many rows: a tile lays a block of codes anew in the worker's scratch memory, then takes all rows through it. For AVX2 and AVX-512.</summary>
internal unsafe struct IntegerPanelWork : ITileWork
{
    /// <summary>A block of codes stays within this: about half of a second-level cache.</summary>
    private const long BlockBytes = 384 << 10;

    private WeightMatrix weight;
    private byte* x;
    private int rows;
    private TileCut cut;
    private LinearResult result;
    private CpuTeam team;

    /// <summary>Computes all outputs.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* x, long xStride, int rows, LinearResult result)
    {
        int rowPanels = (rows + RowPanel.Rows - 1) / RowPanel.Rows;
        byte* rounded = team.SharedScratch(rowPanels * RoundedPanel.Size(weight.Inputs));
        var rounding = new RoundingWork { X = x, Stride = xStride, Rows = rows, Inputs = weight.Inputs, Rounded = rounded };
        team.Run(ref rounding, rowPanels);
        long panelBytes = IntegerPanel.Size(weight.Inputs);
        TileCut cut = TileCut.Choose(team, weight.Outputs, rows, (int)Math.Clamp(BlockBytes / panelBytes, 1, 64), IntegerPanel.Outputs);
        team.ReserveScratch(panelBytes * cut.OutputPanels);
        var work = new IntegerPanelWork { weight = weight, x = rounded, rows = rows, cut = cut, result = result, team = team };
        team.Run(ref work, cut.Count, inShares: true);
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        (int first, int end, int firstRow, int endRow) = cut.Of(tile, weight.Outputs, rows);
        long panelBytes = IntegerPanel.Size(weight.Inputs), rowPanelBytes = RoundedPanel.Size(weight.Inputs);
        byte* panels = team.Scratch(worker), panel = panels;
        for (int output = first; output < end; output += IntegerPanel.Outputs, panel += panelBytes) IntegerPanel.Pack(weight, output, panel);
        float* results = stackalloc float[4 * IntegerTile.Results];
        for (int row = firstRow; row < endRow; row += RowPanel.Rows)
        {
            byte* tileRows = x + (row / RowPanel.Rows * rowPanelBytes);
            panel = panels;
            for (int output = first; output < end; output += IntegerPanel.Outputs, panel += panelBytes)
            {
                IntegerTile.Compute(tileRows, panel, weight.Inputs, results);
                result.Write(results, IntegerPanel.Outputs, row, Math.Min(RowPanel.Rows, endRow - row), output, weight.Outputs);
            }
        }
    }
}

using LongContext.Cpu.Memory;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Many rows: a tile widens a block of outputs into the worker's scratch memory, then takes all rows through it.</summary>
internal unsafe struct PanelWork : ITileWork
{
    /// <summary>A block of widened weights stays within this: about half of a second-level cache.</summary>
    private const long BlockBytes = 512 << 10;

    /// <summary>The same for few rows, which use each weight a few times only: the first-level cache.</summary>
    private const long SmallBlockBytes = 16 << 10;

    private WeightMatrix weight;
    private float* x;
    private int rows;
    private TileCut cut;
    private int panelsOfBlock;
    private LinearResult result;
    private CpuTeam team;

    /// <summary>Computes all outputs of packed rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* packed, int rows, LinearResult result)
    {
        if (weight.HasRowScales) result.Scales = (float*)weight.Scales;
        long panelBytes = WeightPanel.Size(weight.Inputs) * sizeof(float);
        bool few = rows <= 2 * RowPanel.Rows;
        int block = (int)Math.Clamp((few ? SmallBlockBytes : BlockBytes) / panelBytes, 1, 64);
        // Few rows are not cut: widening costs more than they do.
        TileCut cut = few ? TileCut.Choose(team, weight.Outputs, 1, Math.Max(block, 16)) with { RowPanels = 2 } : TileCut.Choose(team, weight.Outputs, rows, block);
        block = Math.Min(block, cut.OutputPanels);
        team.ReserveScratch(panelBytes * block);
        var work = new PanelWork { weight = weight, x = packed, rows = rows, cut = cut, panelsOfBlock = block, result = result, team = team };
        team.Run(ref work, cut.Count, inShares: true);
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        (int first, int end, int firstRow, int endRow) = cut.Of(tile, weight.Outputs, rows);
        int outputs = panelsOfBlock * WeightPanel.Outputs;
        for (; first < end; first += outputs) Block(first, Math.Min(first + outputs, end), firstRow, endRow, (float*)team.Scratch(worker));
    }

    private readonly void Block(int first, int end, int firstRow, int endRow, float* panels)
    {
        nint chunks = RowPanel.Chunks(weight.Inputs);
        nint panelSize = chunks * 64;
        float* panel = panels;
        for (int output = first; output < end; output += WeightPanel.Outputs, panel += panelSize) WeightPanel.Pack(weight, output, panel);
        float* sums = stackalloc float[24];
        for (int row = firstRow; row < endRow; row += RowPanel.Rows)
        {
            float* tileRows = x + (row * chunks * 16);
            int count = Math.Min(RowPanel.Rows, endRow - row);
            panel = panels;
            for (int output = first; output < end; output += WeightPanel.Outputs, panel += panelSize)
            {
                var w = (byte*)panel;
                DotTile.Rows<PanelLoader, ReadsNothingAhead>(tileRows, RowPanel.Height(count), w, w + 64, w + 128, w + 192, chunks, sums, null);
                result.Write(sums, row, count, output, weight.Outputs);
            }
        }
    }
}

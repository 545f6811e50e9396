using LongContext.Generation;
using LongContext.Generation.Scheduling;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>What engines of a process know of each other's memory; nothing here depends on the machine's.</summary>
public sealed class CacheLedgerTests
{
    private const long Page = 4 * 16;

    private static GenerationEngineOptions All { get; } = Engines.Small with { MemoryUtilization = 1 };

    [Fact]
    public async Task Engine_BesideAnother_PlansWithWhatThatOneMayStillTake()
    {
        var ledger = new CacheLedger();
        OraclePages first = new(4, [null]), second = new(4, [null]);
        await using GenerationEngine one = Make(first, ledger, 400 * Page);
        Assert.Equal(400 * Page, one.MemoryPlan.CacheBytes);
        Assert.DoesNotContain(one.MemoryPlan.Items, item => item.Name == "promised to other engines");
        Assert.Equal((400 * Page, 0), (ledger.Outstanding("card"), ledger.Outstanding("other")));

        // What it holds now is no longer promised; the system tells that.
        await one.GenerateAsync(new GenerationRequest { Prompt = Enumerable.Range(0, 39).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 2, StopTokenIds = [] } }, TestContext.Current.CancellationToken);
        await EngineMixTests.QuietAsync(one);
        Assert.True(first.CommittedBytes > 0);
        Assert.Equal((400 * Page) - first.CommittedBytes, ledger.Outstanding("card"));

        GenerationEngine two = Make(second, ledger, bytes: null);
        long promised = (400 * Page) - first.CommittedBytes;
        Assert.Equal(promised, two.MemoryPlan.Items.Single(item => item.Name == "promised to other engines").Bytes);
        Assert.Equal((1000 * Page) - promised, two.MemoryPlan.CacheBytes);
        Assert.True(two.MemoryPlan.Fits);
        Assert.Equal(1000 * Page, ledger.Outstanding("card"));
        await two.DisposeAsync();
        Assert.Equal(promised, ledger.Outstanding("card"));

        // More than there is, asked for: it is made, and said.
        await using GenerationEngine greedy = Make(new OraclePages(4, [null]), ledger, 900 * Page);
        Assert.False(greedy.MemoryPlan.Fits);
    }

    [Fact]
    public async Task Engine_OnAnotherMemory_IsNotCounted()
    {
        var ledger = new CacheLedger();
        await using GenerationEngine one = Make(new OraclePages(4, [null]), ledger, 400 * Page), two = Make(new OraclePages(4, [null]), ledger, bytes: null, memory: "another card");
        Assert.Equal(1000 * Page, two.MemoryPlan.CacheBytes);
    }

    [Fact]
    public async Task Engine_DraftsMemory_IsCountedWhereItLies()
    {
        var ledger = new CacheLedger();
        EngineModel model = Model("card"), small = Model("host");
        await using (var engine = new GenerationEngine(
            model, new OracleRunner(new OraclePages(4, [null]), Engines.Vocabulary), All, 400 * Page, draft: (small, new OracleRunner(new OraclePages(4, [null]), Engines.Vocabulary)), ledger: ledger))
        {
            Assert.Equal((200 * Page, 200 * Page), (ledger.Outstanding("card"), ledger.Outstanding("host")));
        }

        Assert.Equal((0, 0), (ledger.Outstanding("card"), ledger.Outstanding("host")));
    }

    private static GenerationEngine Make(OraclePages pages, CacheLedger ledger, long? bytes, string memory = "card") =>
        new(Model(memory), new OracleRunner(pages, Engines.Vocabulary), All, bytes, ledger: ledger);

    private static EngineModel Model(string memory) =>
        new(Engines.Vocabulary) { StopTokenIds = [39], MemoryName = memory, DeviceMemory = new MachineMemory(1000 * Page, 1000 * Page), ContextLength = 1 << 20 };
}

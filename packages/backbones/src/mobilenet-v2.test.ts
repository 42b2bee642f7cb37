import { contract } from './contract.fixture.ts';
import { backboneOf } from './registry.ts';

// Sandler et al. 2018, Table 4: 300 · 10⁶ multiply-adds; for width 0.35, 59 · 10⁶, TF-Slim's table of MobileNets.
contract(backboneOf('mobilenetv2_1.0'), { multiplyAdds: 300e6, within: 0.005 });
contract(backboneOf('mobilenetv2_0.35'), { multiplyAdds: 59e6, within: 0.005 });

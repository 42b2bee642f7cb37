import { contract } from './contract.fixture.ts';
import { resnet50 } from './resnet50.ts';

// He et al. 2016, Table 1: 3.8 · 10⁹ multiply-adds.
contract(resnet50, { multiplyAdds: 3.8e9, within: 0.02 });
